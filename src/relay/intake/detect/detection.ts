import type { Clock, Timer } from '../../../time/clock.ts';
import type { Channel, ChannelEvents } from '../../driver/driver.ts';
import type { CloseReason } from '../../boundary/report.ts';
import { ListNode } from '../../driver/linked-list.ts';
import type { ListenerConfig } from './listener-config.ts';
import { firstStep, goOn, nextStep } from './state.ts';
import type { DetectionResult, DetectionInput, DetectionState, DetectionStep } from './step.ts';

/**
 * The detection of one client, from its accept until its service is known: peeks at what the client sends, carries out
 * the steps (see state.ts), and keeps the deadlines. The channel keeps the bytes.
 */
export interface DetectionHost {
  readonly clock: Clock;
  onRouted(detection: Detection, step: Extract<DetectionStep, { kind: 'route' }>): void;
  onCancel(detection: Detection, step: Extract<DetectionStep, { kind: 'cancel' }>): void;
  onRefused(
    detection: Detection,
    reason: CloseReason,
    answer: Uint8Array | undefined,
    result: DetectionResult | undefined,
  ): void;
}

/** Once a client has begun to speak, or a proxy must: long enough for a lost segment to be sent again. */
const patienceMs = 5_000;
/** HTTP/2 clients that don't wait for the server's SETTINGS send their first request with or right after their own. */
const requestMs = 200;
/** The length of the longest hello or HTTP head that is read. */
const peekLimit = 65_536;

type WaitsFor = Extract<DetectionStep, { kind: 'wait' }>['for'];

export class Detection implements ChannelEvents {
  readonly channel: Channel;
  readonly config: ListenerConfig;
  readonly startedAtWallMs: number;
  /** The node in the detector's list. */
  readonly node = new ListNode<Detection>(this);
  readonly #host: DetectionHost;
  #state: DetectionState | undefined;
  #deadline: Timer | undefined;
  #waitsFor: WaitsFor | undefined;

  constructor(channel: Channel, config: ListenerConfig, host: DetectionHost) {
    this.channel = channel;
    this.config = config;
    this.#host = host;
    this.startedAtWallMs = host.clock.wallMs();
    channel.attach(this);
  }

  start(isTrusted: boolean): void {
    this.#follow(firstStep(this.config, isTrusted));
  }

  onClientBytes(bytes: Uint8Array, ended: boolean): void {
    this.#next({ kind: 'bytes', bytes, ended });
  }

  onClientLeft(): void {
    this.#over();
    this.#host.onRefused(this, 'client-gave-up', undefined, undefined);
  }

  // No upstream is dialed during detection.
  onDialed(): void {}
  onDialFailed(): void {}
  onUpstreamLost(): void {}
  onRelayEnded(): void {}

  /** Closes the client without an answer. */
  close(reason: CloseReason): void {
    this.#over();
    this.#host.onRefused(this, reason, undefined, undefined);
  }

  #next(input: DetectionInput): void {
    if (this.#state) this.#follow(nextStep(this.config, this.#state, input));
  }

  #follow(step: DetectionStep): void {
    switch (step.kind) {
      case 'wait':
        if (!this.#state) this.channel.peek(peekLimit);
        this.#state = step.state;
        return this.#waitFor(step.for);
      case 'go-on':
        this.channel.consume(step.consume);
        if (step.write) this.channel.write(step.write);
        this.#over();
        return this.#follow(goOn(this.config, step.state));
      case 'route':
        this.#over();
        return this.#host.onRouted(this, step);
      case 'cancel':
        this.#over();
        return this.#host.onCancel(this, step);
      case 'refuse':
        this.#over();
        return this.#host.onRefused(this, step.reason, step.answer, step.result);
    }
  }

  #waitFor(what: WaitsFor): void {
    if (this.#waitsFor === what) return;
    this.#waitsFor = what;
    this.#deadline?.cancel();
    const forMs = what === 'first-byte' ? this.config.sniffTimeoutMs : what === 'request' ? requestMs : patienceMs;
    this.#deadline = this.#host.clock.after(forMs, () => this.#next({ kind: 'timeout' }));
  }

  #over(): void {
    this.#state = undefined;
    this.#waitsFor = undefined;
    this.#deadline?.cancel();
  }
}
