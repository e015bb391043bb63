import type { Problem } from '../catalog/problem.ts';
import { EngineError } from '../docker/engine.ts';
import type { EngineActions } from '../docker/engine-actions.ts';
import type { NetworkAttachment } from '../docker/facts.ts';
import { backoffDelayMs } from '../time/backoff.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { messageOf } from '../text/message-of.ts';
import { printable, quoted } from '../text/printable.ts';
import { shellWord } from '../text/shell-word.ts';
import { planJoins, type JoinPlan, type JoinRules, type JoinWorld } from './plan.ts';

/**
 * Joins the networks that labelled containers need, and leaves those that it joined once no container needs them.
 * Level-based: each plan compares what is needed with what the engine tells of Sealane's own container, and asks for
 * one change at a time. Which networks Sealane joined is not kept here: the engine keeps the mark of each connection.
 */
export interface OwnWorld extends JoinWorld {
  /** The container that Sealane runs in. */
  readonly selfId: string;
}

export interface JoinerParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly actions: Pick<EngineActions, 'connect' | 'disconnect' | 'keepsGateway'>;
  /** The networks that Sealane's own container is on at this moment. */
  readonly readOwn: (selfId: string, signal: AbortSignal) => Promise<readonly NetworkAttachment[]>;
  /** It is time to plan and advance again, or the problems have changed. */
  readonly onChange: () => void;
}

export interface Joiner {
  /**
   * Plans for the world as it is now, and tells the problems of containers without a shared network as they are while
   * Sealane joins networks by itself. `world` is undefined while it is not known which container Sealane runs in, or what
   * else there is.
   */
  plan(world: OwnWorld | undefined, problems: readonly Problem[]): readonly Problem[];
  /** Takes the next step of the plan. */
  advance(): void;
  /**
   * Leaves all networks that Sealane joined, at its end: the engine does not start a stopped container again that is on a
   * network which was removed meanwhile. Never rejects.
   */
  leaveAll(): Promise<void>;
  stop(): void;
}

interface Failure {
  readonly attempts: number;
  readonly untilMs: number;
  /** Safe to print. */
  readonly reason: string;
}

interface Step {
  readonly key: string;
  readonly networkId: string;
  readonly cause: string;
  readonly change: 'connect' | 'disconnect';
}

const nothing: JoinPlan = { join: [], leave: [], waiting: new Map() };
const backoff = { firstMs: 1000, maxMs: 300_000 };
/** The engine tells of a connection by events: Docker within 5 ms, Podman within 250 ms (measured). */
const shownWithinMs = 5000;
/** The engine kills a container 10 s after its stop signal, unless told otherwise. One call takes some 100 ms. */
const leaveWithinMs = 3000;

export function createJoiner(parts: JoinerParts, rules: Pick<JoinRules, 'internal'>): Joiner {
  return new NetworkJoiner(parts, rules);
}

class NetworkJoiner implements Joiner {
  readonly #with: JoinerParts;
  readonly #rules: Pick<JoinRules, 'internal'>;
  readonly #ending = new AbortController();
  readonly #failures = new Map<string, Failure>();
  /** The steps that the engine has done, until its facts show them: the time by which they must. */
  readonly #done = new Map<string, number>();
  #selfId: string | undefined;
  #plan: JoinPlan = nothing;
  #isBusy = false;
  #timer: Timer | undefined;

  constructor(parts: JoinerParts, rules: Pick<JoinRules, 'internal'>) {
    this.#with = parts;
    this.#rules = rules;
  }

  plan(world: OwnWorld | undefined, problems: readonly Problem[]): readonly Problem[] {
    const keepsGateway = this.#with.actions.keepsGateway();
    this.#selfId = world?.selfId;
    this.#plan = world ? planJoins(world, { ...this.#rules, keepsGateway }) : nothing;
    const amended = problems.flatMap((problem) => this.#amended(problem));
    return [...amended, ...this.#plan.leave.flatMap((network) => this.#stuckOn(network))];
  }

  advance(): void {
    const selfId = this.#selfId;
    if (selfId === undefined || this.#ending.signal.aborted) return;
    const { clock } = this.#with;
    const steps = stepsOf(this.#plan);
    const keys = new Set(steps.map(({ key }) => key));
    for (const known of [this.#failures, this.#done])
      for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
    for (const [key, untilMs] of this.#done) {
      if (clock.nowMs() < untilMs) continue;
      this.#done.delete(key);
      this.#fail(key, 'the engine says that it is done, and does not show it');
    }
    const next = steps.find(({ key }) => !this.#done.has(key) && this.#waitMs(key) === 0);
    if (next && !this.#isBusy) void this.#run(next, selfId);
    this.#wakeUp();
  }

  async leaveAll(): Promise<void> {
    this.stop();
    const selfId = this.#selfId;
    if (selfId === undefined) return;
    const { actions, readOwn } = this.#with;
    const signal = AbortSignal.timeout(leaveWithinMs);
    try {
      const joined = (await readOwn(selfId, signal)).filter((one) => one.joined);
      for (const { networkId } of joined)
        await actions.disconnect({ networkId, containerId: selfId }, 'Sealane stops', signal);
    } catch {
      // The engine may stop as well. The mark stays, and the next Sealane in this container leaves them.
    }
  }

  stop(): void {
    this.#ending.abort();
    this.#timer?.cancel();
  }

  async #run({ key, change, networkId, cause }: Step, selfId: string): Promise<void> {
    const { actions, clock, onChange } = this.#with;
    const { signal } = this.#ending;
    this.#isBusy = true;
    try {
      // What was joined may have been left meanwhile, and joined anew by hand: that is not Sealane's to leave.
      if (change === 'connect' || (await this.#isJoined(networkId, selfId, signal)))
        await actions[change]({ networkId, containerId: selfId }, cause, signal);
      this.#failures.delete(key);
      this.#done.set(key, clock.nowMs() + shownWithinMs);
    } catch (error) {
      if (!signal.aborted) this.#fail(key, error instanceof EngineError ? error.message : printable(messageOf(error)));
    }
    this.#isBusy = false;
    if (!signal.aborted) onChange();
  }

  async #isJoined(networkId: string, selfId: string, signal: AbortSignal): Promise<boolean> {
    const own = await this.#with.readOwn(selfId, signal);
    return own.some((one) => one.networkId === networkId && one.joined === true);
  }

  #fail(key: string, reason: string): void {
    const { clock, random } = this.#with;
    const attempts = (this.#failures.get(key)?.attempts ?? 0) + 1;
    const untilMs = clock.nowMs() + backoffDelayMs(attempts - 1, backoff, random);
    this.#failures.set(key, { attempts, untilMs, reason });
  }

  /** How long the step waits after a failure. */
  #waitMs(key: string): number {
    return Math.max(0, (this.#failures.get(key)?.untilMs ?? 0) - this.#with.clock.nowMs());
  }

  /** Has itself called when the next step is due. */
  #wakeUp(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { clock, onChange } = this.#with;
    const dueMs = [...[...this.#failures.values()].map(({ untilMs }) => untilMs), ...this.#done.values()];
    if (dueMs.length > 0) this.#timer = clock.after(Math.max(0, Math.min(...dueMs) - clock.nowMs()), onChange);
  }

  #amended(problem: Problem): Problem | readonly [] {
    const { code, containerId = '' } = problem;
    const waiting = code === 'no-shared-network' ? this.#plan.waiting.get(containerId) : undefined;
    if (!waiting) return problem;
    if (waiting.kind === 'refused')
      return { ...problem, message: `${problem.message}; Sealane ${waiting.reason}`, fix: waiting.fix };
    const failure = this.#failures.get(joinKey(waiting.network));
    // It is joined in a moment, as a container's own networks are set up.
    if (!failure) return [];
    const network = quoted(waiting.network.name);
    return {
      ...problem,
      message: `${problem.message}; Sealane could not join ${network}: ${failure.reason}`,
      fix: `Correct what the engine names; it is tried again. Or connect by hand: docker network connect ${shellWord(printable(waiting.network.name))} <sealane's container>`,
    };
  }

  #stuckOn(network: NetworkAttachment): Problem | readonly [] {
    const failure = this.#failures.get(leaveKey(network));
    if (!failure) return [];
    return {
      code: 'network-not-left',
      subject: printable(network.name),
      message: `Sealane joined this network, needs it no more, and could not leave it: ${failure.reason}`,
      fix: `Correct what the engine names; it is tried again. Or do it by hand: docker network disconnect ${shellWord(printable(network.name))} <sealane's container>`,
    };
  }
}

/** Joins come first: clients may wait for them. */
function stepsOf({ join, leave }: JoinPlan): readonly Step[] {
  return [
    ...join.map(({ network, container }): Step => {
      const cause = `${printable(container.name)} on network ${quoted(network.name)} shares none with Sealane`;
      return { key: joinKey(network), networkId: network.networkId, cause, change: 'connect' };
    }),
    ...leave.map((network): Step => {
      const cause = `no labelled container needs network ${quoted(network.name)} any more`;
      return { key: leaveKey(network), networkId: network.networkId, cause, change: 'disconnect' };
    }),
  ];
}

function joinKey({ networkId }: NetworkAttachment): string {
  return `join ${networkId}`;
}

function leaveKey({ networkId }: NetworkAttachment): string {
  return `leave ${networkId}`;
}
