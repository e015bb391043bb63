import type { Origin } from './origin.ts';
import type { CloseReason, SessionRecord } from './report.ts';

/**
 * The record of a client that was turned away before anybody was dialed for it.
 */
export interface RefusedClient {
  /** `ip:port` of whoever connected. */
  readonly peer: string;
  readonly service: string | undefined;
  readonly listener: string;
  readonly origin: Origin | undefined;
  readonly reason: CloseReason;
  readonly detail?: string | undefined;
}

/** `startedAtWallMs`: when it was accepted, in milliseconds since the epoch. */
export function refusedRecord(
  { peer, service, listener, origin, reason, detail }: RefusedClient,
  { startedAtWallMs }: { readonly startedAtWallMs: number },
  wallMs: number,
): SessionRecord {
  return {
    service,
    listener,
    client: origin?.client ?? peer,
    via: origin?.via,
    name: origin?.name,
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
