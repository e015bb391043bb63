import type { Clock } from '../../time/clock.ts';
import type { Channel } from '../driver/driver.ts';
import { hostOf } from '../../address/address.ts';
import type { ClientInfo } from './client-info.ts';
import { recordRefusal, type RefusalCollaborators } from './refusal.ts';
import type { CloseReason, Refusal } from '../boundary/report.ts';
import { LinkedList, ListNode } from '../driver/linked-list.ts';
import {
  accessPolicyFor,
  isSamePolicy,
  emptyPermit,
  type AccessCounts,
  type AccessPolicy,
  type Permit,
  type AccessSpec,
} from './access-policy.ts';

/**
 * The admission of clients to one service in one worker: a client that the policy admits gets a permit; any other is
 * rejected. A session keeps the permit of its TLS handshake. Admission alone writes permits.
 *
 *   admit ────────────────────────────▶ session ──▶ release
 *   admitPending ──▶ pending handshake ──▶ onSecured: a session, or onHandshakeOver
 */
interface AdmissionCollaborators extends RefusalCollaborators {
  readonly clock: Clock;
  readonly access: AccessCounts;
}

/** A client that has a permit: a session or a pending handshake. */
export interface AdmittedClient {
  /** `ip:port`, or `unix`. */
  readonly client: string;
  /** The counts that include this client. */
  permit: Permit;
}

/**
 * A client during its TLS handshake. The client is admitted before the handshake, so that none is computed for a client
 * that is rejected.
 */
export class PendingHandshake implements AdmittedClient {
  readonly channel: Channel;
  readonly client: string;
  readonly listener: string;
  readonly clientInfo: ClientInfo;
  permit: Permit;
  readonly node = new ListNode<PendingHandshake>(this);

  constructor(channel: Channel, listener: string, clientInfo: ClientInfo, permit: Permit) {
    this.channel = channel;
    this.client = clientInfo.client;
    this.listener = listener;
    this.clientInfo = clientInfo;
    this.permit = permit;
  }
}

export class Admission {
  readonly #collaborators: AdmissionCollaborators;
  #spec: AccessSpec;
  #policy: AccessPolicy | undefined;
  readonly #pending = new LinkedList<PendingHandshake>();

  constructor(collaborators: AdmissionCollaborators, spec: AccessSpec) {
    this.#collaborators = collaborators;
    this.#spec = spec;
    this.#policy = accessPolicyFor(spec, collaborators.access);
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Undefined when the client was rejected. */
  admit(channel: Channel, listener: string, clientInfo: ClientInfo | undefined): Permit | undefined {
    const permit = this.ask(clientInfo?.client ?? channel.client);
    if (typeof permit !== 'string') return permit;
    this.#reject(channel, listener, permit, clientInfo);
    return undefined;
  }

  /**
   * The permit of a client at this address, which takes places of the limits and which the caller must release; or the
   * reason why it gets none, and the caller then rejects it.
   */
  ask(client: string): Permit | Refusal {
    return this.#policy?.admit(hostOf(client), this.#collaborators.clock.wallMs()) ?? emptyPermit;
  }

  /** Undefined when the client was rejected. */
  admitPending(channel: Channel, listener: string, clientInfo: ClientInfo): PendingHandshake | undefined {
    const permit = this.admit(channel, listener, clientInfo);
    if (!permit) return undefined;
    const pending = new PendingHandshake(channel, listener, clientInfo, permit);
    this.#pending.add(pending.node);
    return pending;
  }

  /** The handshake has succeeded. False when the lists have changed meanwhile and the client was rejected. */
  onSecured(pending: PendingHandshake): boolean {
    this.#pending.remove(pending.node);
    if (!this.denies(pending.channel, pending.listener, pending.clientInfo)) return true;
    this.release(pending);
    return false;
  }

  /**
   * The handshake has failed; its channel is closed or closes by itself. `name`: the name that the client asked for.
   */
  onHandshakeOver(
    pending: PendingHandshake,
    reason: CloseReason,
    detail?: string,
    name = pending.clientInfo.name,
  ): void {
    const { channel, listener, clientInfo } = pending;
    this.#pending.remove(pending.node);
    this.release(pending);
    this.#refuse(channel, listener, reason, { ...clientInfo, name }, detail);
  }

  release(client: AdmittedClient): void {
    for (const cell of client.permit) this.#collaborators.access.sessions.release(cell);
    client.permit = emptyPermit;
  }

  /** Checks the client's address against the present lists; limits are not considered. */
  allows(client: string): boolean {
    return this.#policy?.allows(hostOf(client)) ?? true;
  }

  /** Rejects the client if the lists don't allow it; false if they do. */
  denies(channel: Channel, listener: string, clientInfo: ClientInfo): boolean {
    if (this.allows(clientInfo.client)) return false;
    this.#reject(channel, listener, 'denied', clientInfo);
    return true;
  }

  /** True when the spec differs from the one before; present clients then count against no limit until `count`. */
  change(spec: AccessSpec, sessions: Iterable<AdmittedClient>): boolean {
    const isSame = isSamePolicy(this.#spec, spec);
    this.#spec = spec;
    if (isSame) return false;
    this.#policy = accessPolicyFor(spec, this.#collaborators.access);
    for (const present of [sessions, this.#pending]) for (const client of present) this.release(client);
    return true;
  }

  /**
   * Counts clients that another spec admitted, pending handshakes included, against the present one. They may be more
   * than it allows.
   */
  count(sessions: Iterable<AdmittedClient>): void {
    if (!this.#policy) return;
    for (const present of [sessions, this.#pending])
      for (const client of present) client.permit = this.#policy.countPresent(hostOf(client.client));
  }

  /** Counts a client that another service admitted against this one's limits. It may be beyond them. */
  recount(client: AdmittedClient): void {
    this.release(client);
    if (this.#policy) client.permit = this.#policy.countPresent(hostOf(client.client));
  }

  #reject(channel: Channel, listener: string, reason: Refusal, clientInfo: ClientInfo | undefined): void {
    channel.abort();
    this.#refuse(channel, listener, reason, clientInfo);
  }

  #refuse(
    { client: peer }: Channel,
    listener: string,
    reason: CloseReason,
    clientInfo?: ClientInfo,
    detail?: string,
  ): void {
    const wallMs = this.#collaborators.clock.wallMs();
    const refused = { peer, service: this.#spec.service, listener, clientInfo, reason, detail };
    recordRefusal(this.#collaborators, refused, clientInfo?.startedAtWallMs ?? wallMs, wallMs);
  }
}
