import { threadCell, type CounterWriter } from '../boundary/counters.ts';
import type { ClientInfo } from './client-info.ts';
import { emptyRecord, isRefusal, type CloseReason, type SessionRecord } from '../boundary/report.ts';

/**
 * The record of a client for which no session began: it was rejected before, or needed none.
 */
export interface RefusedClient {
  /** `ip:port` of the peer that connected. */
  readonly peer: string;
  readonly service: string | undefined;
  readonly listener: string;
  readonly clientInfo: ClientInfo | undefined;
  readonly reason: CloseReason;
  readonly detail?: string | undefined;
}

export interface RefusalCollaborators {
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
}

/**
 * Counts and records a refused client. `startedAtWallMs`: when it was accepted; `wallMs`: now; both in milliseconds
 * since the epoch.
 */
export function recordRefusal(
  { counters, onRecord }: RefusalCollaborators,
  { peer, service, listener, clientInfo, reason, detail }: RefusedClient,
  startedAtWallMs: number,
  wallMs: number,
): void {
  if (isRefusal(reason)) counters.count(threadCell[reason], 1);
  counters.count(threadCell.closed, 1);
  onRecord({
    ...emptyRecord,
    service,
    listener,
    client: clientInfo?.client ?? peer,
    via: clientInfo?.via,
    name: clientInfo?.name,
    startedAtMs: startedAtWallMs,
    totalMs: Math.max(0, wallMs - startedAtWallMs),
    reason,
    detail,
  });
}
