import type { CounterWriter } from '../boundary/counters.ts';
import type { ClientInfo } from './client-info.ts';
import { isRefusal, type CloseReason, type SessionRecord } from '../boundary/report.ts';

/**
 * What is told of a client that was rejected before anybody was dialed for it.
 */
export interface RefusedClient {
  /** `ip:port` of whoever connected. */
  readonly peer: string;
  readonly service: string | undefined;
  readonly listener: string;
  readonly clientInfo: ClientInfo | undefined;
  readonly reason: CloseReason;
  readonly detail?: string | undefined;
}

export interface RefusalEars {
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
}

/** It is counted and recorded. When it was accepted, and now, in milliseconds since the epoch. */
export function tellRefused(
  { counters, onRecord }: RefusalEars,
  refused: RefusedClient,
  startedAtWallMs: number,
  wallMs: number,
): void {
  if (isRefusal(refused.reason)) counters.count(refused.reason, 1);
  counters.count('closed', 1);
  onRecord(recordOf(refused, startedAtWallMs, wallMs));
}

function recordOf(
  { peer, service, listener, clientInfo, reason, detail }: RefusedClient,
  startedAtWallMs: number,
  wallMs: number,
): SessionRecord {
  return {
    service,
    listener,
    client: clientInfo?.client ?? peer,
    via: clientInfo?.via,
    name: clientInfo?.name,
    upstream: undefined,
    upstreamKey: undefined,
    endpoint: undefined,
    startedAtMs: startedAtWallMs,
    heldMs: 0,
    dialMs: 0,
    totalMs: Math.max(0, wallMs - startedAtWallMs),
    bytesUp: 0,
    bytesDown: 0,
    retries: 0,
    reason,
    detail,
    lastDialError: undefined,
  };
}
