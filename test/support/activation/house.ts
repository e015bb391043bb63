import { createActivation, type Activation } from '../../../src/activation/activation.ts';
import type { RestEvent } from '../../../src/activation/ports.ts';
import type { RestContainer } from '../../../src/activation/world.ts';
import { settle } from '../fake-engine/port.ts';
import { ManualClock } from '../manual-clock.ts';

/**
 * A small engine in memory for activation: each start takes `startMs`, and each container is ready `readyMs` after it.
 */
type Made = Partial<Omit<RestContainer, 'id' | 'needs'>> & {
  /** The services that it needs, each ready before it starts. */
  readonly needs?: readonly string[];
  /** Those that it needs, and of which only a port has to accept. */
  readonly needsOpen?: readonly string[];
};

export class House implements Disposable {
  readonly clock = new ManualClock();
  readonly containers = new Map<string, RestContainer>();
  /** What was asked of the engine: `start web`. */
  readonly calls: string[] = [];
  readonly events: RestEvent[] = [];
  readonly held = new Map<string, number>();
  readonly activation: Activation;
  startMs = 200;
  readyMs = 100;
  stopMs = 50;
  /** What a start of the container leads to, other than that it runs. */
  readonly faults = new Map<string, 'refused' | 'exits'>();
  /** What each container uses, in bytes; the engine does not tell of others. */
  readonly memory = new Map<string, Promise<number>>();
  /** What a stop leads to. */
  onStop: 'ends' | 'restarts' | 'stays' = 'ends';
  #runs = 1n;

  constructor(made: Readonly<Record<string, Made>>) {
    for (const [name, one] of Object.entries(made)) this.#add(name, one);
    this.activation = createActivation({
      clock: this.clock,
      random: () => 1,
      readWorld: () => ({ containers: new Map(this.containers), heldOf: (service) => this.held.get(service) ?? 0 }),
      actions: {
        start: (id) => this.#start('start', id),
        unpause: (id) => this.#start('unpause', id),
        stop: (id) => this.#end('stop', id, 'stopped'),
        pause: (id) => this.#end('pause', id, 'paused'),
        memoryOf: (id) => this.memory.get(id) ?? Promise.resolve(undefined),
      },
      onChange: () => {},
      announce: (event) => void this.events.push(event),
    });
    this.activation.update();
  }

  #add(name: string, { needs = [], needsOpen = [], ...one }: Made): void {
    const isUp = one.state !== 'stopped' && one.state !== 'paused';
    this.containers.set(name, {
      id: name,
      name,
      compose: { project: 'shop', service: name, number: '1' },
      needs: [
        ...needs.map((service) => ({ service, until: 'ready' }) as const),
        ...needsOpen.map((service) => ({ service, until: 'open' }) as const),
      ],
      state: 'running',
      startedAtNs: 0n,
      createdAtMs: 1,
      isReady: isUp,
      isOpen: isUp,
      isServed: one.sleep !== undefined,
      sleep: undefined,
      services: [name],
      sessions: 0,
      sessionsSoFar: 0,
      takesClients: true,
      hasRoom: true,
      ...one,
    });
  }

  change(id: string, change: Partial<RestContainer>): void {
    const before = this.containers.get(id);
    if (before) this.containers.set(id, { ...before, ...change });
    this.activation.update();
  }

  remove(id: string): void {
    this.containers.delete(id);
    this.activation.update();
  }

  /** Clients wait for the service until it is ready. */
  wait(service: string, clients = 1): void {
    this.held.set(service, clients);
    this.activation.onWaiting(service, '127.0.0.1:50000');
  }

  /** Sessions are open on the container. */
  use(id: string, sessions: number): void {
    const { sessionsSoFar = 0 } = this.containers.get(id) ?? {};
    this.change(id, { sessions, sessionsSoFar: sessionsSoFar + sessions });
  }

  /** Lets the time pass, from timer to timer. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0;) {
      await settle();
      const step = Math.min(left, this.clock.nextDelayMs() ?? left);
      this.clock.advance(step);
      left -= step;
    }
    await settle();
  }

  states(): Record<string, RestContainer['state']> {
    return Object.fromEntries([...this.containers].map(([id, { state }]) => [id, state]));
  }

  [Symbol.dispose](): void {
    this.activation.stop();
  }

  async #start(call: string, id: string): Promise<void> {
    this.calls.push(`${call} ${id}`);
    const fault = this.faults.get(id);
    await this.#after(call === 'unpause' ? 1 : this.startMs);
    if (fault === 'refused') throw new Error('driver failed: port is already allocated');
    const startedAtNs = call === 'unpause' ? 0n : ++this.#runs;
    if (fault === 'exits') return this.change(id, { state: 'stopped', startedAtNs, exitCode: 3 });
    this.change(id, { state: 'running', startedAtNs });
    this.clock.after(call === 'unpause' ? 1 : this.readyMs, () => {
      this.change(id, { isReady: true, isOpen: true });
      for (const service of this.containers.get(id)?.services ?? []) this.held.delete(service);
    });
  }

  async #end(call: string, id: string, state: 'stopped' | 'paused'): Promise<void> {
    this.calls.push(`${call} ${id}`);
    await this.#after(this.stopMs);
    if (this.onStop === 'restarts') this.change(id, { startedAtNs: ++this.#runs });
    if (this.onStop !== 'ends') return;
    this.change(id, { state, isReady: false, isOpen: false, wasStopped: true, sessions: 0 });
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }
}

export const minutes = (count: number): number => count * 60_000;
