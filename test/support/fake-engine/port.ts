import { PassThrough, type Readable } from 'node:stream';
import { dockerDialect } from '../../../src/docker/dialect.ts';
import type { Engine, EngineGreeting } from '../../../src/docker/engine.ts';
import type { ContainerFacts, ContainerSummary } from '../../../src/docker/facts.ts';

/**
 * The engine port in memory, for tests with a manual clock. Calls are answered at once, or when the test lets them.
 */
export function facts(overrides: Partial<ContainerFacts> = {}): ContainerFacts {
  return {
    id: 'a'.repeat(64),
    name: 'web',
    labels: { 'sealane.port': '80' },
    createdAtMs: 1_767_225_600_000,
    startedAtNs: 1000n,
    state: 'running',
    health: 'none',
    networking: { kind: 'networks', attachments: [{ name: 'bridge', networkId: 'n1', ipv4: '172.17.0.2' }] },
    exposedPorts: [80],
    publishedPorts: [],
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    ...overrides,
  };
}

export function summary(container: ContainerFacts): ContainerSummary {
  const { networking } = container;
  const attachments = networking.kind === 'networks' ? networking.attachments : [];
  return {
    id: container.id,
    names: [container.name],
    labels: container.labels,
    hostPorts: container.publishedPorts.map(({ hostPort }) => hostPort),
    fingerprint: JSON.stringify([container.state, container.health, container.name, networking]),
    addresses: attachments.flatMap(({ ipv4, ipv6 }) => [ipv4 ?? [], ipv6 ?? []].flat()),
  };
}

export interface EventSpec {
  readonly action: string;
  readonly id: string;
  readonly timeNs?: bigint;
  readonly type?: 'container' | 'network';
  readonly attributes?: Readonly<Record<string, string>>;
}

/** One line of the event stream, with exact nanoseconds. */
export function eventLine({ action, id, timeNs = 1n, type = 'container', attributes = {} }: EventSpec): string {
  const actor =
    type === 'container'
      ? { ID: id, Attributes: attributes }
      : { ID: 'net', Attributes: { container: id, ...attributes } };
  return `${JSON.stringify({ Type: type, Action: action, Actor: actor }).slice(0, -1)},"timeNano":${timeNs}}\n`;
}

export class InMemoryEngine implements Engine {
  readonly endpoint: string;
  readonly calls: string[] = [];
  readonly sinces: (string | undefined)[] = [];
  readonly containers = new Map<string, ContainerFacts>();
  apiVersion = '1.41';
  dialect = dockerDialect;
  /** Runs before each answer, and may throw or wait. `call` is `ping`, `list`, `events` or `inspect <id>`. */
  before: (call: string, signal: AbortSignal | undefined) => void | Promise<void> = () => {};
  #streams: PassThrough[] = [];

  constructor(endpoint = 'unix:///var/run/docker.sock') {
    this.endpoint = endpoint;
  }

  set(container: ContainerFacts): void {
    this.containers.set(container.id, container);
  }

  emit(spec: EventSpec): void {
    const labels = this.containers.get(spec.id)?.labels ?? {};
    this.write(eventLine({ ...spec, attributes: { ...(spec.type !== 'network' && labels), ...spec.attributes } }));
  }

  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /** Destroys all event streams, as a cut connection does. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams = [];
  }

  get openStreams(): number {
    return this.#streams.filter((stream) => !stream.destroyed).length;
  }

  async ping(signal?: AbortSignal): Promise<EngineGreeting> {
    await this.#called('ping', signal);
    return { apiVersion: this.apiVersion, dialect: this.dialect };
  }

  async list(signal?: AbortSignal): Promise<readonly ContainerSummary[]> {
    const rows = [...this.containers.values()]
      .filter(({ state }) => state === 'running' || state === 'paused' || state === 'restarting')
      .map(summary);
    await this.#called('list', signal);
    return rows;
  }

  async inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | undefined> {
    const find = (): ContainerFacts | undefined =>
      this.containers.get(id) ?? [...this.containers.values()].find(({ name }) => name === id);
    const asked = find();
    await this.#called(`inspect ${id}`, signal);
    return this.answersLate ? asked : find();
  }

  /** Whether inspect returns the state at the time of the call, even if it is answered later. */
  answersLate = false;

  async events(since: string | undefined, signal: AbortSignal): Promise<Readable> {
    this.sinces.push(since);
    await this.#called('events', signal);
    const stream = new PassThrough();
    this.#streams.push(stream);
    signal.addEventListener('abort', () => stream.destroy(), { once: true });
    return stream;
  }

  async #called(call: string, signal: AbortSignal | undefined): Promise<void> {
    this.calls.push(call);
    signal?.throwIfAborted();
    await this.before(call, signal);
  }
}

/** Runs everything that is ready: promises, streams, and what they trigger. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
