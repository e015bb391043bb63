import { isIP } from 'node:net';
import type { Clock } from '../../../time/clock.ts';
import { threadCell, type CounterWriter } from '../../boundary/counters.ts';
import type { Channel } from '../../driver/driver.ts';
import { hostOf } from '../../../address/address.ts';
import { clientInfoOf, type ClientInfo } from '../client-info.ts';
import type { CloseReason, Refusal, SessionRecord } from '../../boundary/report.ts';
import { recordRefusal, type RefusedClient } from '../refusal.ts';
import { LinkedList } from '../../driver/linked-list.ts';
import { Detection, type DetectionHost } from './detection.ts';
import type { Destination, ListenerConfig } from './listener-config.ts';
import type { DetectionResult, DetectionStep } from './step.ts';

/**
 * Receives the clients of listeners that need detection: runs a detection for each, then routes the client to its
 * service or rejects it.
 */
interface DetectorCollaborators {
  readonly clock: Clock;
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
  /** A Postgres CancelRequest came, which may be for any of the services. */
  readonly cancel: (client: PostgresClient, services: readonly string[]) => void;
  readonly routeTo: (channel: Channel, listener: string, to: Destination, clientInfo: ClientInfo) => void;
}

/** A client that sent a Postgres CancelRequest. */
interface PostgresClient {
  readonly channel: Channel;
  readonly listener: string;
  readonly clientInfo: ClientInfo;
  readonly request: Uint8Array;
}

export class Detector implements DetectionHost {
  readonly clock: Clock;
  readonly #collaborators: DetectorCollaborators;
  readonly #detections = new LinkedList<Detection>();

  constructor(collaborators: DetectorCollaborators) {
    this.clock = collaborators.clock;
    this.#collaborators = collaborators;
  }

  get size(): number {
    return this.#detections.size;
  }

  receive(channel: Channel, config: ListenerConfig): void {
    const detection = new Detection(channel, config, this);
    this.#detections.add(detection.node);
    this.#collaborators.counters.count(threadCell.accepted, 1);
    detection.start(isTrusted(config, channel.client));
  }

  /** Rejects a client without reading from it. */
  reject(channel: Channel, listener: string, service: string | undefined, reason: Refusal): void {
    this.#collaborators.counters.count(threadCell.accepted, 1);
    channel.abort();
    const startedAtWallMs = this.clock.wallMs();
    this.#close({ peer: channel.client, service, listener, clientInfo: undefined, reason }, startedAtWallMs);
  }

  closeAll(reason: CloseReason): void {
    for (const detection of this.#detections) detection.close(reason);
  }

  onRouted(detection: Detection, { to, result }: Extract<DetectionStep, { kind: 'route' }>): void {
    this.#detections.remove(detection.node);
    this.#collaborators.routeTo(
      detection.channel,
      detection.config.listener,
      to,
      clientInfoOf(detection.channel.client, detection.startedAtWallMs, result),
    );
  }

  onCancel(
    { node, channel, config, startedAtWallMs }: Detection,
    { services, request, result }: Extract<DetectionStep, { kind: 'cancel' }>,
  ): void {
    this.#detections.remove(node);
    const clientInfo = clientInfoOf(channel.client, startedAtWallMs, result);
    this.#collaborators.cancel({ channel, listener: config.listener, clientInfo, request }, services);
  }

  onRefused(
    detection: Detection,
    reason: CloseReason,
    answer: Uint8Array | undefined,
    result: DetectionResult | undefined,
  ): void {
    this.#detections.remove(detection.node);
    const { channel, config, startedAtWallMs } = detection;
    if (answer) channel.reject(answer);
    else channel.abort();
    const clientInfo = result && clientInfoOf(channel.client, startedAtWallMs, result);
    // A listener with one service is the only case in which the client's service is certain.
    const service = config.hasTlsNames || config.hasHosts ? undefined : config.catchAll?.service;
    const refused = { peer: channel.client, service, listener: config.listener, clientInfo, reason };
    this.#close(refused, startedAtWallMs);
  }

  #close(refused: RefusedClient, startedAtWallMs: number): void {
    recordRefusal(this.#collaborators, refused, startedAtWallMs, this.clock.wallMs());
  }
}

/** A peer on a unix socket has no address; it is trusted, since the socket's permissions let it connect. */
function isTrusted({ trusted }: ListenerConfig, client: string): boolean {
  if (!trusted) return false;
  const host = hostOf(client);
  return isIP(host) === 0 ? host === 'unix' : trusted.has(host);
}
