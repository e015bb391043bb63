import type { SecureContext } from 'node:tls';
import type { AccessCounts } from '../intake/access-policy.ts';
import type { CounterWriter } from '../boundary/counters.ts';
import type { ResourceWarning, SessionRecord } from '../boundary/report.ts';
import type { Clock } from '../../time/clock.ts';

/** What all pools of a relay thread share. */
export interface PoolCollaborators {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: CounterWriter;
  /** A session ended, for any reason. */
  readonly onRecord: (record: SessionRecord) => void;
  /** A dial to the upstream failed; called again while dials keep failing, at most a few times a second. */
  readonly onSuspect: (upstreamKey: string, error: string) => void;
  /** A client of a service that may be woken is held, the first one in a while. */
  readonly onWaiting?: ((service: string, client: string) => void) | undefined;
  /** A dial failed because this machine lacks a resource. */
  readonly onResourceWarning: (warning: ResourceWarning) => void;
  readonly access: AccessCounts;
  /** The TLS context for upstreams, which all services share. */
  readonly upstreamContext?: () => SecureContext;
}
