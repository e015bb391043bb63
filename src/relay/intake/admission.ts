import type { Clock } from '../../time/clock.ts';
import type { Channel } from '../driver/driver.ts';
import { hostOf, type Origin } from './client-info.ts';
import { tellRefused, type RefusalEars } from './refusal.ts';
import type { CloseReason, Refusal } from '../boundary/report.ts';
import { LinkedList, ListNode } from '../driver/linked-list.ts';
import { gateFor, isSameGate, noPlaces, type AccessCounts, type Gate, type Pass, type Rules } from './access-policy.ts';

/**
 * The way into one service in one worker: who may come is given a pass, who may not is turned away. It is the same pass
 * while TLS is begun and in the session after.
 *
 *   enter ─────────────────────────────▶ session ──▶ leave
 *   expect ──▶ guest, its TLS is begun ──▶ welcome: a session, or dismiss
 */
export interface DoorCollaborators extends RefusalEars {
  readonly clock: Clock;
  readonly access: AccessCounts;
}

/** A session, or a guest. */
export interface Entrant {
  /** `ip:port`, or `unix`. */
  readonly client: string;
  /** What it counts for against limits; the door's to change. */
  pass: Pass;
}

/** Has its place already while its TLS is begun: for one who may not come no handshake is computed. */
export class Guest implements Entrant {
  readonly channel: Channel;
  readonly client: string;
  readonly listener: string;
  readonly origin: Origin;
  pass: Pass;
  readonly node = new ListNode<Guest>(this);

  constructor(channel: Channel, listener: string, origin: Origin, pass: Pass) {
    this.channel = channel;
    this.client = origin.client;
    this.listener = listener;
    this.origin = origin;
    this.pass = pass;
  }
}

export class Door {
  readonly #collaborators: DoorCollaborators;
  #rules: Rules;
  #gate: Gate | undefined;
  readonly #guests = new LinkedList<Guest>();

  constructor(collaborators: DoorCollaborators, rules: Rules) {
    this.#collaborators = collaborators;
    this.#rules = rules;
    this.#gate = gateFor(rules, collaborators.access);
  }

  get guestCount(): number {
    return this.#guests.size;
  }

  /** Undefined: it was rejected. */
  enter(channel: Channel, listener: string, origin: Origin | undefined): Pass | undefined {
    if (!this.#gate) return noPlaces;
    const pass = this.#gate.enter(hostOf(origin?.client ?? channel.client), this.#collaborators.clock.wallMs());
    if (typeof pass !== 'string') return pass;
    this.#reject(channel, listener, pass, origin);
    return undefined;
  }

  /** Undefined: it was rejected. */
  expect(channel: Channel, listener: string, origin: Origin): Guest | undefined {
    const pass = this.enter(channel, listener, origin);
    if (!pass) return undefined;
    const guest = new Guest(channel, listener, origin, pass);
    this.#guests.add(guest.node);
    return guest;
  }

  /** Its TLS is begun. False: the lists have changed meanwhile, and it was rejected. */
  welcome(guest: Guest): boolean {
    this.#guests.remove(guest.node);
    if (!this.denies(guest.channel, guest.listener, guest.origin)) return true;
    this.leave(guest);
    return false;
  }

  /** Its channel is closed, or closes by itself. `name`: what it asked for. */
  dismiss(guest: Guest, reason: CloseReason, detail?: string, name = guest.origin.name): void {
    const { channel, listener, origin } = guest;
    this.#guests.remove(guest.node);
    this.leave(guest);
    this.#refuse(channel, listener, reason, { ...origin, name }, detail);
  }

  leave(entrant: Entrant): void {
    for (const place of entrant.pass) this.#collaborators.access.sessions.leave(place);
    entrant.pass = noPlaces;
  }

  /** By the lists alone, as they are now. */
  isWelcome(client: string): boolean {
    return this.#gate?.isWelcome(hostOf(client)) ?? true;
  }

  /** Turns away whom the lists name; false for everybody else. */
  denies(channel: Channel, listener: string, origin: Origin): boolean {
    if (this.isWelcome(origin.client)) return false;
    this.#reject(channel, listener, 'denied', origin);
    return true;
  }

  /** True when the rules are others than before. Nobody of those present has a place by them until counted. */
  change(rules: Rules, sessions: Iterable<Entrant>): boolean {
    const isSame = isSameGate(this.#rules, rules);
    this.#rules = rules;
    if (isSame) return false;
    this.#gate = gateFor(rules, this.#collaborators.access);
    for (const present of [sessions, this.#guests]) for (const entrant of present) this.leave(entrant);
    return true;
  }

  /** Those whom other rules let in, guests among them, count against these; they may be more than these allow. */
  count(sessions: Iterable<Entrant>): void {
    if (!this.#gate) return;
    for (const present of [sessions, this.#guests])
      for (const entrant of present) entrant.pass = this.#gate.count(hostOf(entrant.client));
  }

  #reject(channel: Channel, listener: string, reason: Refusal, origin: Origin | undefined): void {
    channel.abort();
    this.#refuse(channel, listener, reason, origin);
  }

  #refuse({ client: peer }: Channel, listener: string, reason: CloseReason, origin?: Origin, detail?: string): void {
    const wallMs = this.#collaborators.clock.wallMs();
    const refused = { peer, service: this.#rules.service, listener, origin, reason, detail };
    tellRefused(this.#collaborators, refused, origin?.startedAtWallMs ?? wallMs, wallMs);
  }
}
