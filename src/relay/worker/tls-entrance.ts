import { threadCell, type CounterWriter } from '../boundary/counters.ts';
import type { Channel, Driver } from '../driver/driver.ts';
import type { DescriptorChannel } from '../boundary/descriptor-channel.ts';
import { Handoff, receiveClients, type HandoffClient } from '../intake/handoff.ts';
import { nothingDetected } from '../intake/detect/step.ts';
import { clientInfoOf, type ClientInfo } from '../intake/client-info.ts';
import type { CancelRequests } from '../sessions/cancel-requests.ts';
import type { Pool } from '../sessions/pool.ts';
import { recordRefusal } from '../intake/refusal.ts';
import type { CloseReason, SessionRecord, ResourceWarning } from '../boundary/report.ts';
import type { TlsSpec } from '../boundary/table.ts';
import { Handshakes } from '../intake/tls/handshakes.ts';

/**
 * The entrance to a service for clients that need TLS to be spoken, with them or with their upstream: in this thread if
 * its driver can, else in the thread that they are handed off to. Each client is counted as accepted once, in the thread
 * that accepted it.
 */
interface TlsEntranceCollaborators {
  readonly driver: Driver;
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
  readonly onResourceWarning: (warning: ResourceWarning) => void;
  /** The key of TLS session tickets, the same in all threads; see CertificateContexts. */
  readonly ticketKeys: Uint8Array | undefined;
  readonly cancels: Pick<CancelRequests, 'deliver'>;
  readonly poolFor: (service: string) => Pool;
  readonly enter: (channel: Channel, listener: string, service: string, clientInfo: ClientInfo) => void;
  /** A drain has less to wait for: a waiting client was sent, or a thread that hands off clients has ended. */
  readonly onFewer: () => void;
}

export class TlsEntrance {
  readonly #collaborators: TlsEntranceCollaborators;
  /** Undefined where the driver can't end TLS. */
  readonly #handshakes: Handshakes | undefined;
  /** The handoff of clients for which this driver can't speak TLS. */
  readonly #handoff: Handoff;
  #senders = 0;
  #isClosed = false;

  constructor(collaborators: TlsEntranceCollaborators) {
    const { driver, counters, onFewer, ticketKeys } = collaborators;
    this.#collaborators = collaborators;
    const createContext = driver.createTlsContext;
    this.#handshakes = createContext && new Handshakes(driver.clock, createContext, ticketKeys);
    this.#handoff = new Handoff({
      onSent: () => {
        counters.count(threadCell.closed, 1);
        onFewer();
      },
      onReturned: () => counters.count(threadCell.adopted, 1),
      onClosed: (client, reason) => {
        driver.disown?.();
        this.#refuse(client, reason, 'the client waited for the thread that speaks TLS');
      },
    });
  }

  /** The number of clients that wait for the thread that speaks TLS. */
  get waiting(): number {
    return this.#handoff.size;
  }

  /** The number of threads that may still hand off clients to this one. */
  get senders(): number {
    return this.#senders;
  }

  apply(spec: TlsSpec): void {
    this.#handshakes?.apply(spec);
  }

  /**
   * Connects a channel to the thread that speaks TLS, replacing the one before; in that thread, one to receive from.
   */
  connect(descriptorChannel: DescriptorChannel): void {
    if (!this.#collaborators.driver.adopt) return this.#handoff.connect(descriptorChannel);
    this.#senders += 1;
    receiveClients(
      descriptorChannel,
      (client) => this.#adopt(client),
      () => {
        this.#senders -= 1;
        this.#collaborators.onFewer();
      },
    );
  }

  receive(channel: Channel, listener: string, service: string, clientInfo: ClientInfo): void {
    const { driver, poolFor } = this.#collaborators;
    const isDialedHere = driver.dialsTls || !poolFor(service).speaksTls;
    if (this.#handshakes && isDialedHere) this.#begin(this.#handshakes, channel, listener, service, clientInfo);
    else this.handOff(channel, { listener, service, clientInfo, tls: 'terminate' });
  }

  /** Hands off a client. One without client info had no detection, and is counted as accepted here. */
  handOff(
    channel: Channel,
    {
      clientInfo,
      ...where
    }: Omit<HandoffClient, 'fd' | 'client' | 'clientInfo'> & { readonly clientInfo: ClientInfo | undefined },
  ): void {
    const { counters, driver } = this.#collaborators;
    if (!clientInfo) counters.count(threadCell.accepted, 1);
    const client = {
      ...where,
      client: channel.client,
      clientInfo: clientInfo ?? clientInfoOf(channel.client, driver.clock.wallMs(), nothingDetected),
    };
    if (channel.release) return this.#handoff.send({ ...client, fd: channel.release() });
    channel.abort();
    this.#refuse(client, 'tls-failed', 'this driver can’t speak TLS');
  }

  /** Ends the handoff: no client is left for the other thread, which need not wait for any. */
  end(): void {
    this.#handoff.end();
  }

  /** Closes clients in a handshake or waiting for the other thread, and every client that comes later. */
  close(): void {
    this.#isClosed = true;
    this.#handoff.end();
    this.#handshakes?.closeAll();
  }

  /** Receives a client that another thread accepted and for which TLS is spoken here. */
  #adopt(client: HandoffClient): void {
    const { driver, counters, enter, onResourceWarning } = this.#collaborators;
    const { fd, listener, service, clientInfo, tls } = client;
    const channel = driver.adopt?.(fd, client.client);
    if (!channel) {
      const message = 'the thread that speaks TLS could not open a client’s descriptor';
      return onResourceWarning({ kind: 'accept-failed', code: 'EBADF', message });
    }
    counters.count(threadCell.adopted, 1);
    if (this.#isClosed) {
      channel.abort();
      this.#refuse(client, 'shutdown');
    } else if (tls === 'terminate') this.receive(channel, listener, service, clientInfo);
    else enter(channel, listener, service, clientInfo);
  }

  #begin(handshakes: Handshakes, channel: Channel, listener: string, service: string, clientInfo: ClientInfo): void {
    const { poolFor, cancels } = this.#collaborators;
    const pool = poolFor(service);
    // The upstream is asked for no TLS, since Sealane ends the client's.
    const pending = pool.admission.admitPending(channel, listener, { ...clientInfo, asksForTls: false });
    if (!pending) return;
    const offer = { alpn: pool.alpn, isPostgres: clientInfo.asksForTls };
    handshakes.begin(channel, offer, {
      onSecured: (request) => {
        if (!request) return pool.admitSecured(pending);
        const client = { channel, listener, clientInfo: pending.clientInfo, request };
        if (pool.admission.onSecured(pending)) cancels.deliver(client, [{ pool, client: pending }]);
      },
      onOver: (reason, name, detail) => pool.admission.onHandshakeOver(pending, reason, detail, name),
    });
  }

  #refuse(
    { client, listener, service, clientInfo }: Omit<HandoffClient, 'fd'>,
    reason: CloseReason,
    detail?: string,
  ): void {
    const refused = { peer: client, service, listener, clientInfo, reason, detail };
    recordRefusal(this.#collaborators, refused, clientInfo.startedAtWallMs, this.#collaborators.driver.clock.wallMs());
  }
}
