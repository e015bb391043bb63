import { isIP } from 'node:net';
import type { Refusal } from '../boundary/report.ts';
import { defaultPool, type PoolSpec } from '../boundary/table.ts';
import { CidrSet } from './cidr-set.ts';
import type { AccessMemory } from '../boundary/access-memory.ts';
import { ClientRates } from '../boundary/client-rates.ts';
import { ClientSessions, type CountedCell } from '../boundary/client-sessions.ts';

/**
 * The access policy of a service: which clients it admits, at what rate, and how many at once. A service without such
 * limits has no policy.
 */
export type AccessSpec = Pick<
  PoolSpec,
  'service' | 'allow' | 'deny' | 'maxSessions' | 'maxSessionsPerClient' | 'connectRatePerClient'
>;

/** The counts that all access policies of a worker share. */
export interface AccessCounts {
  readonly sessions: ClientSessions;
  readonly rates: ClientRates;
}

export function openAccess(memory: AccessMemory, worker: number): AccessCounts {
  return { sessions: new ClientSessions(memory.sessions, worker), rates: new ClientRates(memory.rates) };
}

/** The counts that include an admitted client, until it is released. */
export type Permit = readonly CountedCell[];

/** The key under which all clients of a service are counted together; it is no client's address. */
const allClients = '*';
export const emptyPermit: Permit = [];

export class AccessPolicy {
  readonly #spec: AccessSpec;
  readonly #counts: AccessCounts;
  readonly #allow: CidrSet | undefined;
  readonly #deny: CidrSet | undefined;

  constructor(spec: AccessSpec, counts: AccessCounts) {
    this.#spec = spec;
    this.#counts = counts;
    this.#allow = spec.allow && new CidrSet(spec.allow);
    this.#deny = spec.deny.length > 0 ? new CidrSet(spec.deny) : undefined;
  }

  /** `client` is the client's IP address, or `unix`, which no list can name. */
  admit(client: string, wallMs: number): Permit | Refusal {
    if (!this.allows(client)) return 'denied';
    const { service, connectRatePerClient, maxSessions, maxSessionsPerClient } = this.#spec;
    if (connectRatePerClient && !this.#counts.rates.admit(service, client, connectRatePerClient, wallMs))
      return 'rate-client';
    if (maxSessions === undefined && maxSessionsPerClient === undefined) return emptyPermit;
    const { sessions } = this.#counts;
    const ofAll = sessions.acquire(service, allClients, maxSessions ?? Infinity);
    if (ofAll === undefined) return 'limit-service';
    const ofClient = sessions.acquire(service, client, maxSessionsPerClient ?? Infinity);
    if (ofClient !== undefined) return [ofAll, ofClient];
    sessions.release(ofAll);
    return 'limit-client';
  }

  /** Counts a client that was admitted before the limits were set; it may be beyond them. */
  countPresent(client: string): Permit {
    const { service } = this.#spec;
    return [allClients, client].flatMap(
      (countedAs) => this.#counts.sessions.acquire(service, countedAs, Infinity) ?? [],
    );
  }

  /** Checks the client's address against the lists; limits are not considered. */
  allows(client: string): boolean {
    if (!this.#deny && !this.#allow) return true;
    // A client whose connection was reset before it was accepted has no address, either.
    if (isIP(client) === 0) return client === 'unix';
    if (this.#deny?.has(client)) return false;
    return this.#allow?.has(client) ?? true;
  }
}

/** Undefined where every client is admitted without limits. */
export function accessPolicyFor(spec: AccessSpec, counts: AccessCounts): AccessPolicy | undefined {
  return printed(spec) === printed(defaultPool) ? undefined : new AccessPolicy(spec, counts);
}

export function isSamePolicy(one: AccessSpec, other: AccessSpec): boolean {
  return printed(one) === printed(other);
}

function printed(spec: Omit<AccessSpec, 'service'>): string {
  const { allow, deny, maxSessions, maxSessionsPerClient, connectRatePerClient } = spec;
  return JSON.stringify([allow, deny, maxSessions, maxSessionsPerClient, connectRatePerClient]);
}
