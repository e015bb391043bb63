import { isIP } from 'node:net';
import type { Refusal } from '../boundary/report.ts';
import { defaultPool, type PoolSpec } from '../boundary/table.ts';
import { CidrSet } from './cidr-set.ts';
import type { AccessMemory } from '../boundary/access-memory.ts';
import { ClientRates } from '../boundary/client-rates.ts';
import { ClientSessions, type CountedCell } from '../boundary/client-sessions.ts';

/**
 * Which clients a service admits, how fast, and how many at once. Services that admit every client have no policy.
 */
export type AccessSpec = Pick<
  PoolSpec,
  'service' | 'allow' | 'deny' | 'maxSessions' | 'maxSessionsPerClient' | 'connectRatePerClient'
>;

/** What all access policies of a worker count in. */
export interface AccessCounts {
  readonly sessions: ClientSessions;
  readonly rates: ClientRates;
}

export function openAccess(memory: AccessMemory, worker: number): AccessCounts {
  return { sessions: new ClientSessions(memory.sessions, worker), rates: new ClientRates(memory.rates) };
}

/** What an admitted client counts for against limits, until it is released. */
export type Permit = readonly CountedCell[];

/** Stands for all clients of a service together; no client has such an address. */
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
    this.#allow = spec.allow.length > 0 ? new CidrSet(spec.allow) : undefined;
    this.#deny = spec.deny.length > 0 ? new CidrSet(spec.deny) : undefined;
  }

  /** `client` is its IP address, or `unix`, which no list names. */
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

  /** Goes by the client's address alone. */
  allows(client: string): boolean {
    if (!this.#deny && !this.#allow) return true;
    // One that was reset before it was accepted has no address either.
    if (isIP(client) === 0) return client === 'unix';
    if (this.#deny?.has(client)) return false;
    return this.#allow?.has(client) ?? true;
  }
}

/** Undefined where every client is admitted, as often as it likes. */
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
