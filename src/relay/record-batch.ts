import type { SessionRecord } from './report.ts';

/**
 * Session records as one string on their way between threads: structured clone of so many small objects, with all their
 * keys, costs some 10 µs more a record, on both sides together (measured).
 */
export function encodeRecords(records: readonly SessionRecord[]): string {
  return JSON.stringify(records);
}

/** JSON leaves out what is undefined; whoever prints or compares records expects it to be there. */
export function decodeRecords(json: string): SessionRecord[] {
  const records = JSON.parse(json) as Omit<SessionRecord, keyof typeof absent>[];
  return records.map((record) => ({ ...absent, ...record }));
}

const absent = {
  service: undefined,
  via: undefined,
  name: undefined,
  upstream: undefined,
  upstreamKey: undefined,
  endpoint: undefined,
  detail: undefined,
  lastDialError: undefined,
};
