import type { CloseReason, Refusal, SessionRecord } from '../boundary/report.ts';
import type { CounterWriter } from '../boundary/counters.ts';
import type { Timer } from '../../time/clock.ts';
import type { Endpoint } from '../boundary/table.ts';
import type { Channel, ChannelEvents, Driver } from '../driver/driver.ts';
import { LinkedList, ListNode } from '../driver/linked-list.ts';
import type { AdmittedClient } from '../intake/admission.ts';
import type { ClientInfo } from '../intake/client-info.ts';
import { recordRefusal } from '../intake/refusal.ts';
import type { PoolUpstream } from '../upstreams/upstream.ts';
import type { Pool } from './pool.ts';
import { prefaceFor } from './preface.ts';

/**
 * Postgres' CancelRequests. One comes on a connection of its own, without a name in most clients, and is for a query
 * that runs on any upstream; a server ignores a key that is not its own. So every upstream of every service that may be
 * meant gets it, also one that accepts no new sessions. The client is closed once they have closed theirs, as a server
 * would. Access lists and limits apply; a CancelRequest does not count as a session of an upstream.
 */
interface CancelCollaborators {
  readonly driver: Pick<Driver, 'clock' | 'deliver' | 'hasRoomToSpare'>;
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
  readonly poolFor: (service: string) => Pool;
}

/** A client that sent a CancelRequest, and its bytes. */
export interface CancelClient {
  readonly channel: Channel;
  /** The listener's key. */
  readonly listener: string;
  readonly clientInfo: ClientInfo;
  readonly request: Uint8Array;
}

/** A service that the request may be for, and the client's permit there. */
interface Addressee {
  readonly pool: Pool;
  readonly client: AdmittedClient;
}

/** The most requests under way in a thread, since each opens a connection to every upstream. */
const mostAtOnce = 256;
/** The same where few sockets are free, so that requests which cost their sender a packet shut out no clients. */
const mostWhenCrowded = 8;
/** The time for an upstream to take the request; its client waits meanwhile. */
const patienceMs = 2_000;
/** The time for all upstreams together: where few sockets are free, they get the request one after the other. */
const deadlineMs = 5_000;

export class CancelRequests {
  readonly #collaborators: CancelCollaborators;
  readonly #underWay = new LinkedList<CancelRequest>();

  constructor(collaborators: CancelCollaborators) {
    this.#collaborators = collaborators;
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** `services`: all that the request may be for. */
  receive(client: CancelClient, services: readonly string[]): void {
    const addressees: Addressee[] = [];
    let refusal: Refusal | undefined;
    for (const service of services) {
      const pool = this.#collaborators.poolFor(service);
      const permit = pool.admission.ask(client.clientInfo.client);
      if (typeof permit === 'string') refusal = permit;
      else addressees.push({ pool, client: { client: client.clientInfo.client, permit } });
    }
    if (addressees.length > 0) return this.deliver(client, addressees);
    client.channel.abort();
    this.#record(client, services.length === 1 ? services[0] : undefined, refusal ?? 'no-route');
  }

  /** Sends the request to all upstreams of services that have admitted the client. */
  deliver(client: CancelClient, addressees: readonly Addressee[]): void {
    const service = addressees.length === 1 ? addressees[0]?.pool.service : undefined;
    const { driver } = this.#collaborators;
    const isRefused = this.#underWay.size >= (driver.hasRoomToSpare ? mostAtOnce : mostWhenCrowded);
    const over = (reason: CloseReason, detail?: string): void => {
      for (const one of addressees) one.pool.admission.release(one.client);
      this.#record(client, service, reason, detail);
    };
    if (isRefused) {
      client.channel.abort();
      return over('hold-full');
    }
    const request = new CancelRequest(client.channel, (reason, detail) => {
      this.#underWay.remove(request.node);
      over(reason, detail);
    });
    this.#underWay.add(request.node);
    request.start(lettersFor(client, addressees), driver);
  }

  closeAll(reason: CloseReason): void {
    for (const request of this.#underWay) request.close(reason);
  }

  #record(
    { channel, listener, clientInfo }: CancelClient,
    service: string | undefined,
    reason: CloseReason,
    detail?: string,
  ): void {
    const { driver } = this.#collaborators;
    const closed = { peer: channel.client, service, listener, clientInfo, reason, detail };
    recordRefusal(this.#collaborators, closed, clientInfo.startedAtWallMs, driver.clock.wallMs());
  }
}

/** The bytes for one upstream, whose addresses are tried in order. */
interface Letter {
  readonly upstream: PoolUpstream;
  readonly endpoints: readonly Endpoint[];
  readonly bytes: Uint8Array;
}

/** Upstreams to which Sealane speaks TLS are left out: Postgres would take neither that TLS nor a request in the clear. */
function lettersFor({ channel, clientInfo, request }: CancelClient, addressees: readonly Addressee[]): Letter[] {
  return addressees
    .filter(({ pool }) => !pool.speaksTls)
    .flatMap(({ pool }) => {
      const preface = prefaceFor(pool, channel, { ...clientInfo, asksForTls: false, consumed: request });
      return [...pool.upstreams].map((upstream) => ({
        upstream,
        endpoints: upstream.endpoints(),
        bytes: preface?.bytes ?? request,
      }));
    });
}

class CancelRequest implements ChannelEvents {
  readonly node = new ListNode<CancelRequest>(this);
  readonly #channel: Channel;
  readonly #onOver: (reason: CloseReason, detail?: string) => void;
  /** The letters that wait for a socket, and those whose next address is to be tried. */
  readonly #unsent = new Set<Letter>();
  readonly #aborts = new Set<() => void>();
  #total = 0;
  #delivered = 0;
  #hasLeft = false;
  #deadline: Timer | undefined;

  constructor(channel: Channel, onOver: (reason: CloseReason, detail?: string) => void) {
    this.#channel = channel;
    this.#onOver = onOver;
    channel.attach(this);
  }

  start(letters: readonly Letter[], driver: Pick<Driver, 'clock' | 'deliver'>): void {
    this.#total = letters.length;
    this.#deadline = driver.clock.after(deadlineMs, () => this.#giveUp());
    for (const letter of letters) this.#unsent.add(letter);
    this.#sendAll(driver);
  }

  close(reason: CloseReason): void {
    this.#deadline?.cancel();
    for (const abort of this.#aborts) abort();
    this.#channel.abort();
    this.#onOver(reason);
  }

  /** The request is delivered all the same: its client may be gone as soon as it has sent it. */
  onClientLeft(how: 'reset' | 'ended'): void {
    if (how === 'reset') this.#hasLeft = true;
  }

  // No upstream is dialed through the client's channel.
  onDialed(): void {}
  onDialFailed(): void {}
  onUpstreamLost(): void {}
  onRelayEnded(): void {}

  /** Sends as many letters as there are sockets for; the others follow when one of these is over. */
  #sendAll(driver: Pick<Driver, 'deliver'>): void {
    for (const letter of this.#unsent) {
      if (!this.#send(letter, driver)) break;
      this.#unsent.delete(letter);
    }
    if (this.#aborts.size === 0) this.#finish();
  }

  /** False where there is no socket for the letter, which is never so while no other is under way. */
  #send({ upstream, endpoints, bytes }: Letter, driver: Pick<Driver, 'deliver'>): boolean {
    const [endpoint, ...others] = endpoints.filter((one) => upstream.mayDial(one));
    if (!endpoint) return true;
    const hasRoom = this.#aborts.size === 0;
    const abort = driver.deliver({ endpoint, bytes, patienceMs, hasRoom }, (isDelivered) => {
      if (abort) this.#aborts.delete(abort);
      if (isDelivered) this.#delivered += 1;
      else this.#unsent.add({ upstream, endpoints: others, bytes });
      this.#sendAll(driver);
    });
    if (!abort) return false;
    this.#aborts.add(abort);
    return true;
  }

  #giveUp(): void {
    for (const abort of this.#aborts) abort();
    this.#finish();
  }

  #finish(): void {
    this.#deadline?.cancel();
    if (this.#hasLeft) this.#channel.abort();
    else this.#channel.reject(new Uint8Array());
    this.#onOver('finished', `a Postgres CancelRequest, sent to ${this.#delivered} of ${this.#total} upstreams`);
  }
}
