import type { Clock } from '../../time/clock.ts';
import type { CounterWriter } from '../counters.ts';
import type { Channel } from '../driver.ts';
import { hostOf, type Origin } from '../origin.ts';
import { refusedRecord } from '../refused-record.ts';
import { isRefusal, type CloseReason, type Refusal, type SessionRecord } from '../report.ts';
import { gateFor, isSameGate, type AccessCounts, type Gate, type Pass, type Rules } from './gate.ts';

/**
 * The way into one service in one worker: who may come is given a place, who may not is turned away. A place goes by the
 * client's channel, so that it is the same one while TLS is begun and in the session after.
 *
 *   enter ─────────────────────────────▶ session ──▶ leave
 *   expect ──▶ guest, its TLS is begun ──▶ welcome: a session, or dismiss
 */
export interface DoorCollaborators {
  readonly clock: Clock;
  readonly counters: CounterWriter;
  /** A client ended without a session. */
  readonly onRecord: (record: SessionRecord) => void;
  readonly access: AccessCounts;
}

export interface Entrant {
  readonly channel: Channel;
  /** `ip:port`, or `unix`. */
  readonly client: string;
}

/** Has its place already while its TLS is begun: for one who may not come no handshake is computed. */
export interface Guest extends Entrant {
  readonly listener: string;
  readonly origin: Origin;
}

export class Door {
  readonly #collaborators: DoorCollaborators;
  #rules: Rules;
  #gate: Gate | undefined;
  readonly #guests = new Set<Guest>();
  /** Of those who count against a limit. */
  readonly #passes = new Map<Channel, Pass>();

  constructor(collaborators: DoorCollaborators, rules: Rules) {
    this.#collaborators = collaborators;
    this.#rules = rules;
    this.#gate = gateFor(rules, collaborators.access);
  }

  get guestCount(): number {
    return this.#guests.size;
  }

  /** False: it was turned away. */
  enter(channel: Channel, listener: string, origin: Origin | undefined): boolean {
    const pass = this.#gate?.enter(hostOf(origin?.client ?? channel.client), this.#collaborators.clock.wallMs());
    if (typeof pass === 'string') {
      this.#turnAway(channel, listener, pass, origin);
      return false;
    }
    if (pass && pass.length > 0) this.#passes.set(channel, pass);
    return true;
  }

  /** Undefined: it was turned away. */
  expect(channel: Channel, listener: string, origin: Origin): Guest | undefined {
    if (!this.enter(channel, listener, origin)) return undefined;
    const guest = { channel, client: origin.client, listener, origin };
    this.#guests.add(guest);
    return guest;
  }

  /** Its TLS is begun. False: the lists have changed meanwhile, and it was turned away. */
  welcome(guest: Guest): boolean {
    this.#guests.delete(guest);
    if (!this.denies(guest.channel, guest.listener, guest.origin)) return true;
    this.leave(guest.channel);
    return false;
  }

  /** Its channel is closed, or closes by itself. `name`: what it asked for. */
  dismiss(guest: Guest, reason: CloseReason, detail?: string, name = guest.origin.name): void {
    const { channel, listener, origin } = guest;
    this.#guests.delete(guest);
    this.leave(channel);
    this.#refuse(channel, listener, reason, { ...origin, name }, detail);
  }

  leave(channel: Channel): void {
    // Nearly always: nobody is counted.
    if (this.#passes.size === 0) return;
    for (const place of this.#passes.get(channel) ?? []) this.#collaborators.access.sessions.leave(place);
    this.#passes.delete(channel);
  }

  /** By the lists alone, as they are now. */
  isWelcome(client: string): boolean {
    return this.#gate?.isWelcome(hostOf(client)) ?? true;
  }

  /** Turns away whom the lists name; false for everybody else. */
  denies(channel: Channel, listener: string, origin: Origin): boolean {
    if (this.isWelcome(origin.client)) return false;
    this.#turnAway(channel, listener, 'denied', origin);
    return true;
  }

  /** True when the rules are others than before. Nobody has a place by them until counted. */
  change(rules: Rules): boolean {
    const isSame = isSameGate(this.#rules, rules);
    this.#rules = rules;
    if (isSame) return false;
    this.#gate = gateFor(rules, this.#collaborators.access);
    for (const channel of this.#passes.keys()) this.leave(channel);
    return true;
  }

  /** Those whom other rules let in, guests among them, count against these; they may be more than these allow. */
  count(sessions: Iterable<Entrant>): void {
    if (!this.#gate) return;
    for (const present of [sessions, this.#guests])
      for (const { channel, client } of present) this.#passes.set(channel, this.#gate.count(hostOf(client)));
  }

  #turnAway(channel: Channel, listener: string, reason: Refusal, origin: Origin | undefined): void {
    channel.abort();
    this.#refuse(channel, listener, reason, origin);
  }

  #refuse({ client: peer }: Channel, listener: string, reason: CloseReason, origin?: Origin, detail?: string): void {
    const { clock, counters, onRecord } = this.#collaborators;
    if (isRefusal(reason)) counters.count(reason, 1);
    counters.count('closed', 1);
    const wallMs = clock.wallMs();
    const refused = { peer, service: this.#rules.service, listener, origin, reason, detail };
    onRecord(refusedRecord(refused, origin ?? { startedAtWallMs: wallMs }, wallMs));
  }
}
