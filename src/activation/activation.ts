import type { Rest } from '../catalog/upstream.ts';
import { formatDuration } from '../text/duration.ts';
import type { Timer } from '../time/clock.ts';
import { chooseFor, pressedServices } from './choose.ts';
import { dependentsOf, inOrder } from './dependencies.ts';
import { StartFailures } from './failures.ts';
import { Falls } from './falls.ts';
import { idleContainers, type Idle } from './idle.ts';
import type { RestParts } from './ports.ts';
import { Usage } from './usage.ts';
import { Wakes } from './wakes.ts';
import { isAsleep, type RestContainer, type RestWorld } from './world.ts';

/**
 * Starts containers that sleep for the clients that wait for them, and puts idle ones to sleep. It looks at the world anew
 * for each decision: after each catalog, each call that has ended, and once a second while there is a container that may
 * sleep.
 *
 *   client waits ─▶ wake: what it needs, in order ─▶ start ─▶ ready ─▶ the relay lets the client in
 *   idle ─▶ no new sessions ─▶ still none ─▶ stop or pause
 */
export interface Activation {
  /** Looks at the world: something in it has changed. */
  update(): void;
  /** A client is held for the service. */
  onWaiting(service: string, client: string): void;
  /** What is being done about the container; an input of the catalog. */
  restOf(containerId: string): Rest | undefined;
  /** Wakes all containers of the service, as an operator asks. */
  wake(service: string): RestAnswer;
  /** Puts all containers of the service to sleep, unless one has a session. */
  sleep(service: string): RestAnswer;
  figures(): RestFigures;
  stop(): void;
}

export type RestAnswer =
  | { readonly kind: 'done'; readonly containers: readonly string[] }
  /** No container of the service may sleep. */
  | { readonly kind: 'no-sleepers' }
  | { readonly kind: 'in-use'; readonly sessions: number }
  /** Containers that are awake need it. */
  | { readonly kind: 'needed'; readonly by: readonly string[] };

export interface RestFigures {
  readonly wakes: number;
  readonly wakeFailures: number;
  readonly sleeps: number;
  /** The time of all wakes that ended well, from the wish to the readiness, in milliseconds. */
  readonly wakeMs: number;
  /** The time that containers were asleep, together, in milliseconds. */
  readonly sleptMs: number;
  /** The memory that the containers which were put to sleep, and still are asleep, had in use; as far as is known. */
  readonly memoryBytes: number;
}

const tickMs = 1_000;
/** While a container is on its way, what no event tells is looked at so often: whether its port accepts. */
const movingTickMs = 10;
/** For so long a container that runs is expected to become ready, before another replica is woken. */
const youngMs = 30_000;
/** A container that ends sooner than this after its wake did so at once: its start counts as failed. */
const soundAfterMs = 10_000;

export function createActivation(parts: RestParts): Activation {
  return new Activator(parts);
}

class Activator implements Activation {
  readonly #parts: RestParts;
  readonly #usage = new Usage();
  readonly #failures: StartFailures;
  readonly #wakes: Wakes;
  readonly #falls: Falls;
  /** The services that clients wait for, with the first of the clients. */
  readonly #wanted = new Map<string, string>();
  /** Those without a plan of their own that sleep with those that need them. */
  readonly #companions = new Set<string>();
  /** The containers that were started here, until they have run for a while. */
  readonly #woken = new Set<string>();
  /** The memory in bytes that each container which was put to sleep had in use before. */
  readonly #givenBack = new Map<string, number>();
  #timer: Timer | undefined;
  #isStopped = false;
  #isUpdating = false;

  constructor(parts: RestParts) {
    this.#parts = parts;
    this.#failures = new StartFailures(parts.random);
    const onAnswer = (): void => this.update();
    this.#wakes = new Wakes({
      ...parts,
      onAnswer,
      failures: this.#failures,
      onStart: (container, root) => this.#onStart(container, root),
      onAwake: ({ id }) => this.#usage.touch(id, this.#nowMs),
    });
    this.#falls = new Falls({
      ...parts,
      onAnswer,
      onAsleep: (container, world, memoryBytes) => this.#onAsleep(container, world, memoryBytes),
      onKept: (id) => this.#usage.touch(id, this.#nowMs),
      isNeeded: (id, world) => this.#wakes.needs(id, world),
    });
  }

  onWaiting(service: string, client: string): void {
    if (!this.#wanted.has(service)) this.#wanted.set(service, client);
    this.update();
  }

  wake(service: string): RestAnswer {
    const world = this.#parts.readWorld();
    const sleepers = sleepersOf(service, world);
    if (sleepers.length === 0) return { kind: 'no-sleepers' };
    const asleep = sleepers.filter((one) => isAsleep(one) || this.#falls.has(one.id));
    for (const container of asleep) {
      for (const { id } of inOrder(container, world.containers)) this.#failures.excuse(id);
      this.#wakes.begin(container.id, service, 'an operator');
    }
    for (const { id } of sleepers) this.#usage.touch(id, this.#nowMs);
    this.update();
    return { kind: 'done', containers: asleep.map(({ name }) => name) };
  }

  sleep(service: string): RestAnswer {
    const world = this.#parts.readWorld();
    const sleepers = sleepersOf(service, world);
    if (sleepers.length === 0) return { kind: 'no-sleepers' };
    const awake = sleepers.filter(({ state }) => state === 'running');
    const sessions = awake.reduce((sum, one) => sum + one.sessions, 0);
    if (sessions > 0) return { kind: 'in-use', sessions };
    const by = awake.flatMap((one) => dependentsOf(one, world.containers)).filter((one) => one.state === 'running');
    const others = new Set(by.filter((one) => !awake.includes(one)).map(({ name }) => name));
    if (others.size > 0) return { kind: 'needed', by: [...others] };
    for (const container of awake) this.#falls.begin(container, 'by an operator');
    this.update();
    return { kind: 'done', containers: awake.map(({ name }) => name) };
  }

  restOf(containerId: string): Rest | undefined {
    if (this.#falls.has(containerId)) return { kind: 'falling-asleep' };
    if (this.#wakes.has(containerId)) return { kind: 'waking' };
    const failure = this.#failures.of(containerId, this.#nowMs);
    if (failure !== undefined) return { kind: 'failed', failure };
    const memoryBytes = this.#givenBack.get(containerId);
    return memoryBytes === undefined ? undefined : { kind: 'asleep', memoryBytes };
  }

  figures(): RestFigures {
    const memoryBytes = [...this.#givenBack.values()].reduce((sum, bytes) => sum + bytes, 0);
    return { ...this.#wakes.figures, sleeps: this.#falls.done, sleptMs: this.#usage.sleptMs, memoryBytes };
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  update(): void {
    if (this.#isStopped || this.#isUpdating) return;
    this.#isUpdating = true;
    try {
      const world = this.#parts.readWorld();
      if (world.containers.size > 0) this.#decide(world);
      this.#schedule(world);
    } finally {
      this.#isUpdating = false;
    }
  }

  #decide(world: RestWorld): void {
    this.#followEnds(world);
    this.#forgetSound(world);
    for (const id of this.#givenBack.keys())
      if (world.containers.get(id)?.state !== 'stopped') this.#givenBack.delete(id);
    this.#falls.goOn(world);
    for (const service of pressedServices(world)) {
      // A client that is held may be counted before its thread tells of it by address.
      const cause = world.heldOf(service) > 0 ? 'a client' : 'the load';
      if (!this.#wanted.has(service)) this.#wanted.set(service, cause);
    }
    for (const [service, client] of this.#wanted) this.#answer(service, client, world);
    this.#wakes.goOn(this.#withoutFalling(world));
    for (const id of this.#companions) {
      if (!world.containers.has(id)) this.#companions.delete(id);
      else if (isNeeded(id, world)) this.#usage.touch(id, this.#nowMs);
    }
    const known = {
      usedAtMs: (id: string) => this.#usage.usedAtMs(id),
      sinceMs: (id: string) => this.#usage.sinceMs(id) ?? this.#nowMs,
      isCompanion: (id: string) => this.#companions.has(id),
      isBusy: (id: string) => this.#falls.has(id) || this.#wakes.needs(id, world),
    };
    for (const idle of idleContainers(world, known, this.#nowMs)) this.#falls.begin(idle.container, causeOf(idle));
  }

  /** What is being put to sleep still runs, and may be healthy: no wake counts on it. */
  #withoutFalling(world: RestWorld): RestWorld {
    if (this.#falls.size === 0) return world;
    const seen = [...world.containers].map(([id, one]): [string, RestContainer] => [
      id,
      this.#falls.has(id) ? { ...one, isReady: false, isOpen: false } : one,
    ]);
    return { ...world, containers: new Map(seen) };
  }

  #followEnds(world: RestWorld): void {
    const ended = this.#usage.follow(world, (id) => this.#falls.has(id), this.#nowMs);
    for (const { container, ranMs } of ended) {
      const { id, wasStopped, exitCode } = container;
      if (wasStopped || ranMs >= soundAfterMs || !this.#woken.delete(id) || this.#wakes.has(id)) continue;
      const code = exitCode === undefined ? '' : `, with code ${exitCode}`;
      this.#wakes.onEndedAtOnce(container, `it exited ${formatDuration(Math.round(ranMs))} after its start${code}`);
    }
  }

  /** A container that has run for a while after its wake is sound: its earlier failures count no more. */
  #forgetSound({ containers }: RestWorld): void {
    for (const id of this.#woken) {
      const state = containers.get(id)?.state;
      const ranMs = this.#nowMs - (this.#usage.sinceMs(id) ?? this.#nowMs);
      if (state !== undefined && (state !== 'running' || ranMs < soundAfterMs)) continue;
      this.#woken.delete(id);
      this.#failures.forget(id);
    }
  }

  /** A client waits: wakes a container of the service, unless one is on its way or there is room. */
  #answer(service: string, client: string, world: RestWorld): void {
    if (!pressedServices(world).includes(service)) return void this.#wanted.delete(service);
    const choice = chooseFor(service, world, {
      isMoving: (id) => this.#falls.has(id) || this.#wakes.has(id),
      isYoung: (id) => this.#nowMs - (this.#usage.sinceMs(id) ?? 0) < youngMs,
      mustRest: (id) => this.#usage.rests(id, this.#nowMs) || this.#failures.of(id, this.#nowMs) !== undefined,
    });
    if (choice.kind === 'wait') return;
    this.#wanted.delete(service);
    if (choice.kind === 'wake') this.#wakes.begin(choice.container.id, service, `${client} for ${service}`);
  }

  #onStart({ id, sleep, isServed }: RestContainer, root: string): void {
    this.#woken.add(id);
    if (id !== root && !sleep && !isServed) this.#companions.add(id);
  }

  #onAsleep(container: RestContainer, { containers }: RestWorld, memoryBytes: number | undefined): void {
    if (memoryBytes !== undefined) this.#givenBack.set(container.id, memoryBytes);
    this.#companions.delete(container.id);
    this.#woken.delete(container.id);
    for (const one of inOrder(container, containers))
      if (one !== container && !one.sleep && !one.isServed) this.#companions.add(one.id);
  }

  #schedule({ containers }: RestWorld): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isStopped) return;
    const isMoving = this.#wakes.size > 0 || this.#falls.size > 0;
    if (!isMoving && ![...containers.values()].some(({ sleep }) => sleep)) return;
    const retryMs = (this.#failures.nextMs(this.#nowMs) ?? Infinity) - this.#nowMs;
    const delayMs = Math.min(isMoving ? movingTickMs : tickMs, retryMs);
    this.#timer = this.#parts.clock.after(delayMs, () => {
      // A failure that is over opens the way for the next client.
      if (retryMs <= delayMs) this.#parts.onChange();
      this.update();
    });
  }

  get #nowMs(): number {
    return this.#parts.clock.nowMs();
  }
}

function sleepersOf(service: string, { containers }: RestWorld): readonly RestContainer[] {
  return [...containers.values()].filter(({ services, sleep }) => sleep && services.includes(service));
}

function isNeeded(id: string, { containers }: RestWorld): boolean {
  const container = containers.get(id);
  return container !== undefined && dependentsOf(container, containers).some((one) => !isAsleep(one));
}

function causeOf({ container, because }: Idle): string {
  if (because === 'unneeded') return 'since nothing that needs it is awake';
  return `after ${formatDuration(container.sleep?.afterMs ?? 0)} without a session`;
}
