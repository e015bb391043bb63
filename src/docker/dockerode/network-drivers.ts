import type { Clock, Timer } from '../../time/clock.ts';
import { EngineError } from '../engine.ts';
import type { ContainerFacts, NetworkAttachment } from '../facts.ts';
import { settleBy } from './deadline.ts';

/**
 * Adds the drivers of networks to the facts of containers. The engine is asked once for each network, whose driver never
 * changes. Where it does not tell, as behind a proxy that forbids the call, the driver stays unknown.
 */
export class NetworkDrivers {
  readonly #read: ReadDriver;
  readonly #clock: Clock;
  readonly #known = new Map<string, Question>();

  constructor(read: ReadDriver, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** Never rejects: a container is served although the drivers of its networks are unknown. */
  async addTo(facts: ContainerFacts, signal?: AbortSignal): Promise<ContainerFacts> {
    const { networking } = facts;
    if (networking.kind !== 'networks') return facts;
    const attachments = await Promise.all(networking.attachments.map((one) => this.#withDriver(one, signal)));
    return { ...facts, networking: { ...networking, attachments } };
  }

  async #withDriver(attachment: NetworkAttachment, signal?: AbortSignal): Promise<NetworkAttachment> {
    const { networkId } = attachment;
    if (networkId === '') return attachment;
    const known = this.#known.get(networkId);
    const question = known?.isCurrent === true ? known : this.#ask(networkId);
    const driver = await question.answer(signal);
    return driver === undefined ? attachment : { ...attachment, driver };
  }

  #ask(networkId: string): Question {
    if (this.#known.size >= mostKnown) this.#known.clear();
    const question = new Question((signal) => this.#read(networkId, signal), this.#clock);
    this.#known.set(networkId, question);
    return question;
  }
}

type ReadDriver = (networkId: string, signal: AbortSignal) => Promise<string | undefined>;

/** One call for a network's driver, whose answer any number of callers wait for. */
class Question {
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #patience: Timer;
  readonly #driver: Promise<string | undefined>;
  #waiting = 0;
  #isSettled = false;
  /** From then on the engine is to be asked again. */
  #untilMs = Infinity;

  constructor(read: (signal: AbortSignal) => Promise<string | undefined>, clock: Clock) {
    this.#clock = clock;
    this.#patience = clock.after(patienceMs, () => this.#end(clock.nowMs() + unknownMs));
    this.#driver = this.#settle(read(this.#ending.signal));
  }

  get isCurrent(): boolean {
    return this.#clock.nowMs() < this.#untilMs;
  }

  /** The driver; undefined where it is unknown, also once `signal` fires. The last caller to leave ends the call. */
  async answer(signal: AbortSignal | undefined): Promise<string | undefined> {
    this.#waiting += 1;
    const driver = await (signal ? settleBy(signal, this.#driver).catch(() => undefined) : this.#driver);
    this.#waiting -= 1;
    if (this.#waiting === 0 && !this.#isSettled) this.#end(-Infinity);
    return driver;
  }

  #end(untilMs: number): void {
    this.#untilMs = untilMs;
    this.#ending.abort();
  }

  async #settle(answer: Promise<string | undefined>): Promise<string | undefined> {
    try {
      return await answer;
    } catch (error) {
      const isForbidden = error instanceof EngineError && error.forbidden;
      // What fails once may succeed for the next container of the network.
      if (!isForbidden && this.#untilMs === Infinity) this.#untilMs = -Infinity;
      return undefined;
    } finally {
      this.#isSettled = true;
      this.#patience.cancel();
    }
  }
}

/** An engine has a few dozen networks at once; those of years would pile up. */
const mostKnown = 1_000;
/** A container waits no longer than this for the driver of a network, which it can do without. */
const patienceMs = 2_000;
/** How long the driver is taken for unknown after that, as where a proxy swallows the call. */
const unknownMs = 60_000;
