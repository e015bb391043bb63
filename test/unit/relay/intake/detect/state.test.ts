import { describe, expect, test } from 'vitest';
import { listenerConfigOf, type ListenerConfig } from '../../../../../src/relay/intake/detect/listener-config.ts';
import { firstStep, goOn, nextStep } from '../../../../../src/relay/intake/detect/state.ts';
import type { DetectionState, DetectionStep } from '../../../../../src/relay/intake/detect/step.ts';
import { writeProxyHeader } from '../../../../../src/relay/wire/proxy-protocol/write.ts';
import { plainListener, type ListenerSpec } from '../../../../../src/relay/boundary/table.ts';
import { recorded } from '../../../../support/sockets/recorded.ts';

const names = [
  { kind: 'sni', pattern: 'api.example.test', service: 'tls', tls: 'passthrough' },
  { kind: 'host', pattern: 'secure.test', service: 'ended', tls: 'terminate' },
  { kind: 'host', pattern: 'web.test', service: 'web', tls: 'passthrough' },
] as const;
const allAddresses = ['0.0.0.0/0', '::/0'];
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const gssRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30]);
const header = writeProxyHeader('v2', {
  source: { host: '203.0.113.7', port: 1 },
  destination: { host: '::1', port: 2 },
});

function config(options: Partial<ListenerSpec>): ListenerConfig {
  const made = listenerConfigOf({
    ...plainListener,
    key: 'k',
    host: '127.0.0.1',
    port: 1,
    service: undefined,
    names,
    ...options,
  });
  if (!made) throw new Error('this listener needs no detection');
  return made;
}

interface Run {
  readonly end: DetectionStep;
  readonly written: string;
  /** The bytes that were not consumed. */
  readonly left: Uint8Array;
}

/**
 * Feeds the bytes to a detection, `piece` at a time, and returns how it ended. `reply`: what the client sends once it
 * was written to.
 */
function run(of: ListenerConfig, bytes: Uint8Array, piece: number, reply: Uint8Array = new Uint8Array()): Run {
  let written = '';
  let left = bytes;
  let unsent = reply;
  let there = 0;
  let seen = 0;
  let step = firstStep(of, of.trusted !== undefined);
  for (;;) {
    if (step.kind === 'route' || step.kind === 'refuse' || step.kind === 'cancel') return { end: step, written, left };
    if (step.kind === 'go-on') {
      written += Buffer.from(step.write ?? []).toString();
      left = left.subarray(step.consume);
      if (step.write) {
        left = Buffer.concat([left, unsent]);
        unsent = new Uint8Array();
      }
      there -= step.consume;
      seen = 0;
      step = goOn(of, step.state);
      continue;
    }
    const state: DetectionState = step.state;
    if (seen === left.length) {
      step = nextStep(of, state, { kind: 'timeout' });
      continue;
    }
    if (seen === there) there = Math.min(left.length, there + piece);
    seen = there;
    step = nextStep(of, state, { kind: 'bytes', bytes: left.subarray(0, there), ended: false });
  }
}

describe('detection', () => {
  test.each([
    ['a TLS name', {}, recorded('curl'), 'tls'],
    ['a host whose TLS is ended here, by its TLS name', {}, hello('secure.test'), 'ended'],
    ['an HTTP host', {}, Buffer.from('GET / HTTP/1.1\r\nHost: web.test\r\n\r\n'), 'web'],
    [
      'a request line that stops in the middle to the catch-all where no hosts are declared',
      { names: names.slice(0, 1), service: 'rest' },
      Buffer.from('GET /index.ht'),
      'rest',
    ],
    ['no name to the catch-all', { service: 'rest' }, recorded('openssl-no-name'), 'rest'],
    ['another protocol to the catch-all', { service: 'rest' }, Buffer.from('SSH-2.0-x\r\n'), 'rest'],
    ['a request that stops early to the catch-all', { service: 'rest' }, Buffer.from('GE'), 'rest'],
    ['silence to the catch-all', { service: 'rest' }, new Uint8Array(), 'rest'],
    [
      'a TLS name behind a PROXY header',
      { acceptProxy: allAddresses },
      Buffer.concat([header, recorded('curl')]),
      'tls',
    ],
    ['a TLS name behind Postgres’ request', {}, Buffer.concat([sslRequest, recorded('curl')]), 'tls'],
    ['any client behind a PROXY header', { acceptProxy: allAddresses, names: [], service: 'rest' }, header, 'rest'],
  ] as const)('routes %s, wherever the bytes are cut', (_, options, bytes, service) => {
    const of = config(options);
    const whole = run(of, bytes, Math.max(1, bytes.length));
    expect(whole.end).toMatchObject({ kind: 'route', to: { service } });
    for (const piece of [1, 2, 7, 100]) expect(run(of, bytes, piece)).toEqual(whole);
  });

  test.each([
    ['an unknown TLS name', {}, hello('elsewhere.test'), 'no-route', '\u0015\u0003\u0003\u0000\u0002\u0002p'],
    [
      'an HTTP host whose TLS has to be ended',
      {},
      Buffer.from('GET / HTTP/1.1\r\nHost: secure.test\r\n\r\n'),
      'no-route',
      'HTTP/1.1 404',
    ],
    ['a request without a host', {}, Buffer.from('GET / HTTP/1.0\r\n\r\n'), 'no-route', 'HTTP/1.1 404'],
    ['another protocol', {}, Buffer.from('SSH-2.0-x\r\n'), 'no-route', ''],
    ['a broken request', {}, Buffer.from('GET / HTTP/1.1\r\nHost : x\r\n\r\n'), 'malformed', 'HTTP/1.1 400'],
    [
      'a request line beyond 64 KiB',
      { service: 'rest' },
      Buffer.from(`GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: web.test\r\n\r\n`),
      'line-too-long',
      'HTTP/1.1 414',
    ],
    [
      'header fields beyond 64 KiB',
      { service: 'rest' },
      Buffer.from(`GET / HTTP/1.1\r\nHost: web.test\r\nCookie: ${'x'.repeat(70_000)}\r\n\r\n`),
      'head-too-large',
      'HTTP/1.1 431',
    ],
    [
      'a request line that stops in the middle',
      { service: 'rest' },
      Buffer.from('\r\nGET /index.ht'),
      'sniff-timeout',
      'HTTP/1.1 408',
    ],
    ['a hello that stops in the middle', { service: 'rest' }, recorded('curl').subarray(0, 100), 'sniff-timeout', ''],
    [
      'a request that stops in the middle',
      { service: 'rest' },
      Buffer.from('GET / HTTP/1.1\r\nHo'),
      'sniff-timeout',
      'HTTP/1.1 408',
    ],
    ['silence', {}, new Uint8Array(), 'sniff-timeout', ''],
    [
      'no PROXY header from a proxy',
      { acceptProxy: allAddresses, service: 'rest' },
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      'bad-proxy-header',
      '',
    ],
    ['silence of a proxy', { acceptProxy: allAddresses, service: 'rest' }, new Uint8Array(), 'bad-proxy-header', ''],
    ['Postgres’ request twice', {}, Buffer.concat([sslRequest, sslRequest]), 'malformed', ''],
    [
      'Postgres’ request for another encryption after that for TLS',
      {},
      Buffer.concat([sslRequest, gssRequest]),
      'malformed',
      '',
    ],
    [
      'a request in the clear after Postgres’ request for TLS',
      { service: 'rest' },
      Buffer.concat([sslRequest, Buffer.from('GET / HTTP/1.1\r\nHost: web.test\r\n\r\n')]),
      'malformed',
      '',
    ],
  ] as const)('refuses %s, wherever the bytes are cut', (_, options, bytes, reason, answer) => {
    const of = config(options);
    for (const piece of [1, 3, 50, Math.max(1, bytes.length)].filter((one) => bytes.length < 1_000 * one)) {
      const { end } = run(of, bytes, piece);
      expect(end).toMatchObject({ kind: 'refuse', reason });
      const written = end.kind === 'refuse' ? Buffer.from(end.answer ?? []).toString('latin1') : '';
      expect(written.startsWith(answer) && (written === '') === (answer === '')).toBe(true);
    }
  });

  test('is not needed where one service gets every client', () => {
    const plain = { ...plainListener, key: 'k', host: '127.0.0.1', port: 1, service: 'all' };
    expect(listenerConfigOf(plain)).toBeUndefined();
    expect(listenerConfigOf({ ...plain, tls: 'terminate' })).toBeDefined();
  });

  test('names the client behind a proxy, even when it is refused', () => {
    const { end } = run(config({ acceptProxy: allAddresses }), Buffer.concat([header, hello('elsewhere.test')]), 10);
    expect(end).toMatchObject({
      result: { name: 'elsewhere.test', proxied: { source: { host: '203.0.113.7', port: 1 } } },
    });
  });

  test('routes a client that ends without a byte to the catch-all; without a catch-all the client gave up', () => {
    const input = { kind: 'bytes', bytes: new Uint8Array(), ended: true } as const;
    const stateOf = (of: ListenerConfig): DetectionState => {
      const step = firstStep(of, false);
      if (step.kind !== 'wait') throw new Error(step.kind);
      return step.state;
    };
    const [open, closed] = [config({ service: 'rest' }), config({})];
    expect(nextStep(open, stateOf(open), input)).toMatchObject({ kind: 'route', result: { ended: true } });
    expect(nextStep(closed, stateOf(closed), input)).toMatchObject({ kind: 'refuse', reason: 'client-gave-up' });
  });
});

describe('a request to cancel a query in the clear', () => {
  const request = Buffer.from([0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 1, 2, 0xca, 0xfe, 0xba, 0xbe]);

  test.each([
    ['a catch-all whose TLS is ended', { names: [], service: 'rest', tls: 'terminate', postgres: true }, ['rest']],
    ['TLS names and a catch-all', { service: 'rest', postgres: true }, ['tls', 'ended', 'rest']],
    ['TLS names beside a catch-all of another protocol', { service: 'rest' }, ['tls', 'ended']],
  ] as const)('is for %s', (_, options, services) => {
    expect(run(config(options), request, 16).end).toMatchObject({ kind: 'cancel', services });
  });

  test.each([
    ['whose TLS is ended', { names: [], tls: 'terminate' }],
    ['beside hosts', { names: names.slice(2) }],
  ] as const)('is one client of many for a catch-all of another protocol (%s)', (_, options) => {
    const { end } = run(config({ ...options, service: 'rest' }), request, 16);
    expect(end).toMatchObject({ kind: 'route', to: { service: 'rest' } });
  });
});

describe('an HTTP/2 client that sends no request before it has the server’s SETTINGS', () => {
  const frame = (type: number, flags: number, stream: number, ...payload: readonly number[]): Buffer =>
    Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
  const begun = Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(4, 0, 0),
    frame(8, 0, 0, 0, 0, 1, 0),
  ]);
  const acknowledgement = frame(4, 1, 0);
  const requestFor = (name: string): Buffer => frame(1, 5, 3, 0x82, 0x41, name.length, ...Buffer.from(name));
  const emptySettings = '\0\0\0\u0004\0\0\0\0\0';

  test.each([
    ['after', [acknowledgement, requestFor('web.test')]],
    ['before', [requestFor('web.test'), acknowledgement]],
  ])('is sent SETTINGS, and routed by the name that it asks for %s it acknowledges them', (_, reply) => {
    for (const piece of [1, 7, 1_000]) {
      const { end, written, left } = run(config({ service: 'rest' }), begun, piece, Buffer.concat(reply));
      expect(written).toBe(emptySettings);
      expect(end).toMatchObject({ kind: 'route', to: { service: 'web' }, result: { name: 'web.test', stream: 3 } });
      // The upstream must not get this acknowledgement: it would take it for that of its own SETTINGS.
      const heard = Buffer.concat([(end.kind === 'route' && end.result.consumed) || Buffer.alloc(0), left]);
      expect(heard).toEqual(Buffer.concat([begun, requestFor('web.test')]));
    }
  });

  test('is answered on its own stream when no service has the name', () => {
    const { end } = run(config({}), begun, 10, Buffer.concat([acknowledgement, requestFor('else.test')]));
    expect(end).toMatchObject({ kind: 'refuse', reason: 'no-route', result: { name: 'else.test', stream: 3 } });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['an acknowledgement', acknowledgement],
    ['a request, but no acknowledgement', requestFor('web.test')],
  ])('gets a GOAWAY when all it sends then is %s', (_, reply) => {
    const { end } = run(config({ service: 'rest' }), begun, 10, reply);
    expect(end).toMatchObject({ kind: 'refuse', reason: 'sniff-timeout' });
    expect(end.kind === 'refuse' && Buffer.from(end.answer ?? []).indexOf(frame(7, 0, 0).subarray(3))).toBeGreaterThan(
      0,
    );
  });

  test('has no more than 16 KiB of its bytes kept in memory', () => {
    const settings = Array.from({ length: 20 }, () => frame(4, 0, 0, ...Array.from({ length: 252 }, () => 0)));
    const most = Buffer.concat([begun, ...settings, ...settings, ...settings, ...settings]);
    const { end } = run(config({}), begun, 1_000, Buffer.concat([most.subarray(begun.length), acknowledgement]));
    expect(end).toMatchObject({ kind: 'refuse', reason: 'malformed' });
  });
});

/** The shortest hello that asks for a name. */
function hello(name: string): Uint8Array {
  const uint = (value: number, size: number): number[] =>
    Array.from({ length: size }, (_, index) => (value >> (8 * (size - 1 - index))) & 255);
  const vector = (size: number, content: readonly number[]): number[] => [...uint(content.length, size), ...content];
  const host = [0, ...vector(2, [...Buffer.from(name)])];
  const extensions = [...uint(0, 2), ...vector(2, vector(2, host))];
  const random = Array.from({ length: 32 }, (_, index) => index);
  const body = [
    3,
    3,
    ...random,
    ...vector(1, []),
    ...vector(2, [0x13, 1]),
    ...vector(1, [0]),
    ...vector(2, extensions),
  ];
  return Uint8Array.from([22, 3, 1, ...vector(2, [1, ...vector(3, body)])]);
}
