import { expect, test } from 'vitest';
import { decodeRecords, encodeRecords } from '../../../../src/relay/boundary/record-batch.ts';
import type { SessionRecord } from '../../../../src/relay/boundary/report.ts';

const relayed: SessionRecord = {
  service: 'shop/api',
  listener: '127.0.0.1:8080',
  client: '127.0.0.1:40000',
  via: undefined,
  name: undefined,
  upstream: 'shop-api-1',
  upstreamKey: 'abc@1:80',
  endpoint: '172.18.0.2:80',
  startedAtMs: 1_700_000_000_123,
  heldMs: 0,
  dialMs: 0.125,
  totalMs: 12.5,
  bytesUp: 2 ** 40,
  bytesDown: 17,
  retries: 1,
  reason: 'finished',
  detail: undefined,
  lastDialError: 'ECONNREFUSED 172.18.0.3:80',
};
const refused: SessionRecord = {
  ...relayed,
  service: undefined,
  client: '[::1]:40001',
  via: '10.0.0.1:5000',
  name: '',
  upstream: undefined,
  upstreamKey: undefined,
  endpoint: undefined,
  reason: 'no-route',
  detail: 'what it asked for',
  lastDialError: undefined,
};

test('records arrive unchanged and in order', () => {
  expect(decodeRecords(encodeRecords([relayed, refused, relayed]))).toStrictEqual([relayed, refused, relayed]);
});

test('a value that many records share crosses once', () => {
  const { texts } = encodeRecords(Array.from({ length: 100 }, () => relayed));
  expect(texts.filter((text) => text === relayed.service)).toHaveLength(1);
});

test('an empty batch is empty', () => {
  expect(decodeRecords(encodeRecords([]))).toStrictEqual([]);
});
