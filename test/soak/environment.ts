import { startContainer, uniqueName, type ContainerOptions, type TestContainer } from '../support/engine/containers.ts';
import { type Sealane, startSealane, upstreamIs } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import type { SoakEngine } from './engine.ts';

/**
 * The environment of a scenario: a Sealane, one service `soak` on one port, and its replicas. All are removed at the
 * end.
 */
export interface ReplicaOptions {
  /**
   * `exit`: exits at once, even amid requests. Default, as whoami: serves for a moment, finishes its requests, exits.
   */
  readonly onStop?: 'exit' | undefined;
  readonly openAfterMs?: number;
  readonly create?: NonNullable<ContainerOptions['create']>;
  readonly host?: NonNullable<ContainerOptions['host']>;
  readonly labels?: Readonly<Record<string, string>>;
}

export class SoakEnvironment implements AsyncDisposable {
  readonly image: string;
  readonly prefix = uniqueName('soak');
  readonly port: number;
  readonly sealane: Sealane;
  readonly #kept = new AsyncDisposableStack();

  constructor(engine: SoakEngine, port: number) {
    this.image = engine.image;
    this.port = port;
    this.sealane = this.#kept.use(startSealane('--label-prefix', this.prefix, '--bind', '127.0.0.1'));
  }

  static async open(engine: SoakEngine): Promise<SoakEnvironment> {
    const environment = new SoakEnvironment(engine, await freePort());
    await environment.sealane.line({ event: 'engine-connected' });
    return environment;
  }

  /** Starts replicas. Resolves when Sealane has logged that they are ready. */
  async start(count: number, options: ReplicaOptions = {}): Promise<TestContainer[]> {
    const from = this.mark();
    const replicas = await Promise.all(Array.from({ length: count }, () => this.launch(options)));
    await Promise.all(replicas.map(({ name }) => this.ready(name, from)));
    return replicas;
  }

  /** Starts a replica. Resolves when it runs, ready or not. */
  async launch({ onStop, openAfterMs, labels, ...options }: ReplicaOptions = {}): Promise<TestContainer> {
    const own = { listen: String(this.port), port: '8080', pool: 'soak', ...labels };
    return this.#kept.use(
      await startContainer({
        image: this.image,
        name: uniqueName('replica'),
        labels: Object.fromEntries(Object.entries(own).map(([name, value]) => [`${this.prefix}.${name}`, value])),
        env: {
          ...(onStop === undefined ? {} : { ON_STOP: onStop }),
          ...(openAfterMs === undefined ? {} : { OPEN_AFTER_MS: String(openAfterMs) }),
        },
        ...options,
      }),
    );
  }

  /** Disposes of `resource` with the environment, before earlier resources. */
  keep<T extends AsyncDisposable>(resource: T): T {
    return this.#kept.use(resource);
  }

  /** The current end of Sealane's log: the effects of the next step come after it. */
  mark(): number {
    return this.sealane.lines.length;
  }

  async ready(name: string, from: number): Promise<void> {
    await this.sealane.line(upstreamIs(name, 'ready', 'soak'), from);
  }

  async became(name: string, what: 'starting' | 'paused' | 'unhealthy' | 'draining', from: number): Promise<void> {
    await this.sealane.line(upstreamIs(name, what, 'soak'), from);
  }

  async left(name: string | RegExp, from: number): Promise<void> {
    await this.sealane.line({ event: 'upstream-removed', service: 'soak', upstream: name }, from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept.disposeAsync();
  }
}
