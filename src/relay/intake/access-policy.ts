import { isIP } from 'node:net';
import type { Refusal } from '../boundary/report.ts';
import { defaultPool, type PoolSpec } from '../boundary/table.ts';
import { CidrSet } from './cidr-set.ts';
import type { AccessMemory } from '../boundary/access-memory.ts';
import { ClientRates } from '../boundary/client-rates.ts';
import { ClientSessions, type ClientPlace } from '../boundary/client-sessions.ts';

/**
 * Who may come into a service, how fast, and how many at once. Services that let everybody in have none.
 */
export type Rules = Pick<
  PoolSpec,
  'service' | 'allow' | 'deny' | 'maxSessions' | 'maxSessionsPerClient' | 'connectRatePerClient'
>;

/** What all gates of a worker count in. */
export interface AccessCounts {
  readonly sessions: ClientSessions;
  readonly rates: ClientRates;
}

export function openAccess(memory: AccessMemory, worker: number): AccessCounts {
  return { sessions: new ClientSessions(memory.sessions, worker), rates: new ClientRates(memory.rates) };
}

/** Places that a session has taken; to be given back to `leave`. */
export type Pass = readonly ClientPlace[];

/** Stands for all clients of a service together: nobody's address. */
const everybody = '*';
export const noPlaces: Pass = [];

export class Gate {
  readonly #rules: Rules;
  readonly #counts: AccessCounts;
  readonly #allow: CidrSet | undefined;
  readonly #deny: CidrSet | undefined;

  constructor(rules: Rules, counts: AccessCounts) {
    this.#rules = rules;
    this.#counts = counts;
    this.#allow = rules.allow.length > 0 ? new CidrSet(rules.allow) : undefined;
    this.#deny = rules.deny.length > 0 ? new CidrSet(rules.deny) : undefined;
  }

  /** `client` is its IP address, or `unix`, which no list names. */
  enter(client: string, wallMs: number): Pass | Refusal {
    if (!this.isWelcome(client)) return 'denied';
    const { service, connectRatePerClient, maxSessions, maxSessionsPerClient } = this.#rules;
    if (connectRatePerClient && !this.#counts.rates.admit(service, client, connectRatePerClient, wallMs))
      return 'rate-client';
    if (maxSessions === undefined && maxSessionsPerClient === undefined) return noPlaces;
    const { sessions } = this.#counts;
    const whole = sessions.enter(service, everybody, maxSessions ?? Infinity);
    if (whole === undefined) return 'limit-service';
    const own = sessions.enter(service, client, maxSessionsPerClient ?? Infinity);
    if (own !== undefined) return [whole, own];
    sessions.leave(whole);
    return 'limit-client';
  }

  /** For a session that was there before the limits were. */
  count(client: string): Pass {
    const { service } = this.#rules;
    return [everybody, client].flatMap((who) => this.#counts.sessions.enter(service, who, Infinity) ?? []);
  }

  /** By its address alone. */
  isWelcome(client: string): boolean {
    if (!this.#deny && !this.#allow) return true;
    // One that was reset before it was accepted has no address either.
    if (isIP(client) === 0) return client === 'unix';
    if (this.#deny?.has(client)) return false;
    return this.#allow?.has(client) ?? true;
  }
}

/** Undefined where everybody may come, as often as they like. */
export function gateFor(spec: Rules, counts: AccessCounts): Gate | undefined {
  return printed(spec) === printed(defaultPool) ? undefined : new Gate(spec, counts);
}

export function isSameGate(one: Rules, other: Rules): boolean {
  return printed(one) === printed(other);
}

function printed(rules: Omit<Rules, 'service'>): string {
  const { allow, deny, maxSessions, maxSessionsPerClient, connectRatePerClient } = rules;
  return JSON.stringify([allow, deny, maxSessions, maxSessionsPerClient, connectRatePerClient]);
}
