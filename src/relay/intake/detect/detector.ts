import { isIP } from 'node:net';
import type { Clock } from '../../../time/clock.ts';
import type { CounterWriter } from '../../boundary/counters.ts';
import type { Channel } from '../../driver/driver.ts';
import { hostOf, originOf, type Origin } from '../client-info.ts';
import type { CloseReason, Refusal, SessionRecord } from '../../boundary/report.ts';
import { tellRefused, type RefusedClient } from '../refusal.ts';
import { LinkedList } from '../../driver/linked-list.ts';
import { Head, type HeadHost } from './detection.ts';
import type { Destination, Plan } from './config.ts';
import type { Found, HeadStep } from './step.ts';

/**
 * Takes in the clients whose listeners want to know more of them: gives each a head, and leads on or turns away who has
 * come to its end.
 */
export interface ReceptionCollaborators {
  readonly clock: Clock;
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
  readonly lead: (channel: Channel, listener: string, to: Destination, origin: Origin) => void;
}

export class Reception implements HeadHost {
  readonly clock: Clock;
  readonly #collaborators: ReceptionCollaborators;
  readonly #heads = new LinkedList<Head>();

  constructor(collaborators: ReceptionCollaborators) {
    this.clock = collaborators.clock;
    this.#collaborators = collaborators;
  }

  get size(): number {
    return this.#heads.size;
  }

  receive(channel: Channel, plan: Plan): void {
    const head = new Head(channel, plan, this);
    this.#heads.add(head.node);
    this.#collaborators.counters.count('accepted', 1);
    head.start(isTrusted(plan, channel.client));
  }

  /** One that is not even listened to. */
  reject(channel: Channel, listener: string, service: string | undefined, reason: Refusal): void {
    this.#collaborators.counters.count('accepted', 1);
    channel.abort();
    const startedAtWallMs = this.clock.wallMs();
    this.#close({ peer: channel.client, service, listener, origin: undefined, reason }, startedAtWallMs);
  }

  closeAll(reason: CloseReason): void {
    for (const head of this.#heads) head.close(reason);
  }

  onLed(head: Head, { to, found }: Extract<HeadStep, { kind: 'lead' }>): void {
    this.#heads.remove(head.node);
    this.#collaborators.lead(
      head.channel,
      head.plan.listener,
      to,
      originOf(head.channel.client, head.startedAtWallMs, found),
    );
  }

  onRefused(head: Head, reason: CloseReason, answer: Uint8Array | undefined, found: Found | undefined): void {
    this.#heads.remove(head.node);
    const { channel, plan, startedAtWallMs } = head;
    if (answer) channel.reject(answer);
    else channel.abort();
    const origin = found && originOf(channel.client, startedAtWallMs, found);
    // With one service there is no doubt whom it came for.
    const service = plan.hasTlsNames || plan.hasHosts ? undefined : plan.catchAll?.service;
    const refused = { peer: channel.client, service, listener: plan.listener, origin, reason };
    this.#close(refused, startedAtWallMs);
  }

  #close(refused: RefusedClient, startedAtWallMs: number): void {
    tellRefused(this.#collaborators, refused, startedAtWallMs, this.clock.wallMs());
  }
}

/** A peer on a unix socket has no address; whoever may open it is trusted. */
function isTrusted({ trusted }: Plan, client: string): boolean {
  if (!trusted) return false;
  const host = hostOf(client);
  return isIP(host) === 0 ? host === 'unix' : trusted.has(host);
}
