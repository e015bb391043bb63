import { randomBytes } from 'node:crypto';
import type { CounterWriter } from '../counters.ts';
import type { Channel, Driver } from '../driver.ts';
import type { HandedOver } from '../handover.ts';
import type { Origin } from '../origin.ts';
import { refusedRecord } from '../refused-record.ts';
import type { SessionRecord } from '../report.ts';
import { defaultAlpn, type TlsSpec } from '../table.ts';
import { TlsEnds } from './tls-ends.ts';

/**
 * The way to their service for clients whose TLS is ended: here, or in the thread that can. Each of them has had a head,
 * and was counted as accepted then.
 */
export interface TlsEntranceCollaborators {
  readonly driver: Driver;
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
  /** Of all threads; see CertificateContexts. */
  readonly ticketKeys: Uint8Array | undefined;
  /** Where clients go whose TLS this driver can't end. */
  readonly handOver: ((client: HandedOver) => void) | undefined;
  readonly alpnOf: (service: string) => readonly string[] | undefined;
  readonly enter: (channel: Channel, listener: string, service: string, origin: Origin | undefined) => void;
}

export class TlsEntrance {
  readonly #collaborators: TlsEntranceCollaborators;
  readonly #ends: TlsEnds;

  constructor(collaborators: TlsEntranceCollaborators) {
    const { driver, ticketKeys = randomBytes(48) } = collaborators;
    this.#collaborators = collaborators;
    this.#ends = new TlsEnds(driver.clock, ticketKeys);
  }

  /** Handshakes under way. */
  get size(): number {
    return this.#ends.size;
  }

  apply(spec: TlsSpec): void {
    this.#ends.apply(spec);
  }

  receive(channel: Channel, listener: string, service: string, origin: Origin): void {
    if (channel.secure) this.#begin(channel, listener, service, origin);
    else this.handOver(channel, { listener, service, origin, tls: 'terminate' });
  }

  handOver(channel: Channel, where: Omit<HandedOver, 'fd' | 'client'>): void {
    const { counters, handOver } = this.#collaborators;
    // It counts where it goes.
    if (where.origin) counters.count('accepted', -1);
    if (!channel.release || !handOver) return channel.abort();
    handOver({ ...where, fd: channel.release(), client: channel.client });
  }

  /** Of another thread's listener, for whom TLS is spoken here. */
  adopt({ fd, client, listener, service, origin, tls }: HandedOver): void {
    const { driver, counters, enter } = this.#collaborators;
    const channel = driver.adopt?.(fd, client);
    if (!channel) return;
    if (origin) counters.count('accepted', 1);
    if (origin && tls === 'terminate') this.#begin(channel, listener, service, origin);
    else enter(channel, listener, service, origin);
  }

  /** Ends those under way. */
  close(): void {
    this.#ends.close();
  }

  #begin(channel: Channel, listener: string, service: string, origin: Origin): void {
    const { alpnOf, enter } = this.#collaborators;
    this.#ends.begin(channel, alpnOf(service) ?? defaultAlpn, {
      onSecured: () => enter(channel, listener, service, origin),
      onFailed: (detail, name) =>
        this.#fail(channel, listener, service, { ...origin, name: name ?? origin.name }, detail),
    });
  }

  #fail(channel: Channel, listener: string, service: string, origin: Origin, detail: string): void {
    const { counters, onRecord, driver } = this.#collaborators;
    counters.count('tls-failed', 1);
    counters.count('closed', 1);
    const refused = { peer: channel.client, service, listener, origin, reason: 'tls-failed', detail } as const;
    onRecord(refusedRecord(refused, origin, driver.clock.wallMs()));
  }
}
