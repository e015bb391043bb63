import fc from 'fast-check';
import { World, type Effect } from '../../../src/discovery/world.ts';
import type { Moment } from '../../../src/discovery/world-entry.ts';
import type { ContainerFacts, ContainerSummary, EngineEvent } from '../../../src/docker/facts.ts';
import { facts, summary } from '../fake-engine/port.ts';

/**
 * A simulated engine whose containers change at random, and the discovery's view of it, whose events and answers arrive
 * late and out of order. Whatever the order, once everything has arrived, the view must equal the engine's state.
 */
export const names = ['a', 'b', 'c'];
export const idOf = (name: string): string => name.repeat(64);

export type Step =
  | { readonly kind: 'start' | 'die' | 'pause' | 'unpause' | 'destroy' | 'answer' | 'arrive'; readonly name: string }
  | { readonly kind: 'hear' | 'ask' | 'lose' | 'list' | 'listed' | 'clock back' };

export class Scene {
  readonly world = new World('sealane');
  readonly truth = new Map<string, ContainerFacts>();
  /** The start of the last run whose death event has arrived, by container. */
  readonly heardDead = new Map<string, bigint>();
  #nowNs = 1_000_000n;
  #events: { readonly event: EngineEvent; readonly startedAtNs: bigint }[] = [];
  readonly #queued = new Set<string>();
  /** The open inspect calls: at most one for each container, as the work queue ensures. */
  readonly #asked = new Map<
    string,
    { readonly begun: Moment; answer?: ContainerFacts | undefined; answered: boolean }
  >();
  #list: { readonly rows: readonly ContainerSummary[]; readonly everything: boolean } | undefined;
  #lost = false;
  readonly #made: Readonly<Record<string, Partial<ContainerFacts>>>;

  /** `made`: the facts of each new container, by name, in addition to the default facts. */
  constructor(made: Readonly<Record<string, Partial<ContainerFacts>>> = {}) {
    this.#made = made;
  }

  step(step: Step): void {
    switch (step.kind) {
      case 'start':
        return this.#change(step.name, 'start', (now) => now?.state !== 'running' && now?.state !== 'paused', {
          state: 'running',
        });
      case 'die':
        return this.#change(step.name, 'die', (now) => now?.state === 'running', { state: 'exited' });
      case 'pause':
        return this.#change(step.name, 'pause', (now) => now?.state === 'running', { state: 'paused' });
      case 'unpause':
        return this.#change(step.name, 'unpause', (now) => now?.state === 'paused', { state: 'running' });
      case 'destroy':
        return this.#destroy(step.name);
      case 'clock back':
        this.#nowNs -= 500n;
        return;
      case 'hear':
        return this.#hear();
      case 'ask':
        return this.#ask();
      case 'answer':
        return this.#answer(idOf(step.name));
      case 'arrive':
        return this.#arrive(idOf(step.name));
      case 'lose':
        this.#events = [];
        this.#lost = true;
        // The connection is cut, so an open list call is abandoned.
        this.#list = undefined;
        return;
      case 'list':
        this.#list = { rows: this.#rows(), everything: this.#lost };
        return;
      case 'listed':
        return this.#listed();
    }
  }

  /**
   * Delivers everything that is on its way. A full list replaces lost events, as after a reconnection. Returns false
   * when the view never comes to rest.
   */
  settle(): boolean {
    while (this.#events.length > 0) this.#hear();
    this.#listed();
    if (this.#lost) {
      this.#list = { rows: this.#rows(), everything: true };
      this.#listed();
    }
    for (let turn = 0; turn < 100 && (this.#queued.size > 0 || this.#asked.size > 0); turn += 1) {
      for (const id of this.#asked.keys()) {
        this.#answer(id);
        this.#arrive(id);
      }
      this.#ask();
    }
    return this.#queued.size === 0;
  }

  alive(): Record<string, ContainerFacts> {
    const live = [...this.truth].filter(([, { state }]) => state === 'running' || state === 'paused');
    return Object.fromEntries(live);
  }

  #change(
    name: string,
    action: string,
    possible: (now: ContainerFacts | undefined) => boolean,
    change: Partial<ContainerFacts>,
  ): void {
    const id = idOf(name);
    const now = this.truth.get(id);
    if (!possible(now)) return;
    this.#nowNs += 10n;
    const started = action === 'start' && { startedAtNs: this.#nowNs };
    this.truth.set(id, { ...(now ?? facts({ id, name, ...this.#made[name] })), ...change, ...started });
    this.#nowNs += 10n;
    this.#tell(id, action);
  }

  #destroy(name: string): void {
    const id = idOf(name);
    const now = this.truth.get(id);
    if (!now || now.state === 'running' || now.state === 'paused') return;
    this.truth.delete(id);
    this.#nowNs += 10n;
    this.#tell(id, 'destroy');
  }

  #tell(containerId: string, action: string): void {
    const attributes = { 'sealane.port': '80' };
    const event: EngineEvent = { type: 'container', action, containerId, attributes, timeNs: this.#nowNs };
    this.#events.push({ event, startedAtNs: this.truth.get(containerId)?.startedAtNs ?? 0n });
  }

  #hear(): void {
    const next = this.#events.shift();
    if (!next) return;
    const { event, startedAtNs } = next;
    if (event.action === 'die') this.heardDead.set(event.containerId, startedAtNs);
    this.#apply(event.containerId, this.world.heard(event));
  }

  #ask(): void {
    for (const id of this.#queued) {
      if (this.#asked.has(id)) continue;
      this.#queued.delete(id);
      if (this.world.follows(id)) this.#asked.set(id, { begun: this.world.begin(), answered: false });
    }
  }

  #answer(id: string): void {
    const question = this.#asked.get(id);
    if (!question || question.answered) return;
    question.answer = this.truth.get(id);
    question.answered = true;
  }

  #arrive(id: string): void {
    const question = this.#asked.get(id);
    if (!question?.answered) return;
    this.#asked.delete(id);
    this.#apply(id, this.world.inspected(id, question.begun, question.answer));
  }

  #listed(): void {
    if (!this.#list) return;
    const { rows, everything } = this.#list;
    this.#list = undefined;
    if (everything) this.#lost = false;
    for (const id of this.world.listed(rows, everything).inspect) this.#queued.add(id);
  }

  #rows(): ContainerSummary[] {
    return Object.values(this.alive()).map(summary);
  }

  #apply(id: string, { inspect, recheck }: Effect): void {
    for (const next of inspect) this.#queued.add(next);
    if (recheck) this.#queued.add(id);
  }
}

const name = fc.constantFrom(...names);
/** Arbitrary steps: events are lost, late, repeated by lists and out of order with answers. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('start', 'die', 'pause', 'unpause', 'destroy', 'answer', 'arrive'),
    name,
  }),
  fc.record({ kind: fc.constantFrom('hear', 'hear', 'hear', 'ask', 'ask', 'lose', 'list', 'listed', 'clock back') }),
);
