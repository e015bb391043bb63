import type {
  Container,
  ContainerCreateOptions,
  ContainerInspectInfo,
  HostConfig,
  NetworkCreateOptions,
} from 'dockerode';
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import { connect, type EngineClient } from '../../../src/demo/engine-client.ts';

/**
 * Containers and networks for tests: started by testcontainers, controlled by plain engine calls, and removed at the
 * end of the scope (`await using`).
 */
export interface ContainerOptions {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The networks by name or id. Default: `bridge`. `host`, `none` and `container:<id>` must be the only one. */
  readonly networks?: readonly string[];
  /** The ports to publish, each on a free port of this machine. */
  readonly ports?: readonly number[];
  /** Bind mounts, as `from:to[:ro]`. */
  readonly binds?: readonly string[];
  /** Other parameters of the engine's create call. */
  readonly create?: Omit<ContainerCreateOptions, 'HostConfig'>;
  readonly host?: HostConfig;
}

export class TestContainer implements AsyncDisposable {
  readonly id: string;
  readonly name: string;
  /** The engine client's handle, for calls that have no method here. */
  readonly engine: Container;
  readonly #started: StartedTestContainer;

  constructor(started: StartedTestContainer) {
    this.#started = started;
    this.id = started.getId();
    this.name = started.getName().replace(/^\//, '');
    this.engine = engineClient().getContainer(this.id);
  }

  /** The port of this machine on which `port` is published. */
  mappedPort(port: number): number {
    return this.#started.getMappedPort(port);
  }

  /** Stops like `docker stop`: the stop signal, then SIGKILL after `timeoutSeconds`. The container is not removed. */
  async stop(timeoutSeconds = 10): Promise<void> {
    await this.engine.stop({ t: timeoutSeconds });
  }

  async start(): Promise<void> {
    await this.engine.start();
  }

  async restart(timeoutSeconds = 10): Promise<void> {
    await this.engine.restart({ t: timeoutSeconds });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.engine.kill({ signal });
  }

  async pause(): Promise<void> {
    await this.engine.pause();
  }

  async unpause(): Promise<void> {
    await this.engine.unpause();
  }

  async rename(name: string): Promise<void> {
    await this.engine.rename({ name });
  }

  async remove(): Promise<void> {
    await this.engine.remove({ force: true, v: true });
  }

  inspect(): Promise<ContainerInspectInfo> {
    return this.engine.inspect();
  }

  /** The container's IPv4 address on `network`. Default: on its only network. */
  async address(network?: string): Promise<string> {
    const { Networks } = (await this.inspect()).NetworkSettings;
    const found = Object.entries(Networks).find(
      ([name, { NetworkID }]) => network === undefined || name === network || NetworkID === network,
    );
    const address = found?.[1].IPAddress;
    if (address === undefined || address === '')
      throw new Error(`${this.name} has no address on ${network ?? 'any network'}`);
    return address;
  }

  async exec(command: readonly string[]): Promise<{ readonly exitCode: number; readonly output: string }> {
    const { exitCode, output } = await this.#started.exec([...command]);
    return { exitCode, output };
  }

  /** The container's output so far. */
  async logs(): Promise<string> {
    const raw = await this.engine.logs({ stdout: true, stderr: true, follow: false });
    return demultiplexed(raw);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The test may have removed the container already.
    await this.remove().catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
    });
  }
}

/** Starts a container. Resolves when it runs; the test finds out whether it is ready, healthy or listening. */
export async function startContainer(options: ContainerOptions): Promise<TestContainer> {
  const [network, ...others] = options.networks ?? [];
  const container = new ConfigurableContainer(options.image).withWaitStrategy(Wait.forAll([]));
  container.configure(options.create ?? {}, { ...options.host, Binds: [...(options.binds ?? [])] });
  if (options.command) container.withCommand([...options.command]);
  if (options.entrypoint) container.withEntrypoint([...options.entrypoint]);
  if (options.name !== undefined) container.withName(options.name);
  if (options.labels) container.withLabels({ ...options.labels });
  if (options.env) container.withEnvironment({ ...options.env });
  if (network !== undefined) container.withNetworkMode(network);
  if (options.ports) container.withExposedPorts(...options.ports);
  const started = new TestContainer(await container.start());
  for (const other of others) await engineClient().getNetwork(other).connect({ Container: started.id });
  return started;
}

/** Passes the engine's options that testcontainers has no method for. */
class ConfigurableContainer extends GenericContainer {
  configure(create: ContainerCreateOptions, host: HostConfig): void {
    Object.assign(this.createOpts, create);
    Object.assign(this.hostConfig, host);
  }
}

export interface TestNetwork extends AsyncDisposable {
  readonly id: string;
  readonly name: string;
  connect(container: TestContainer): Promise<void>;
  disconnect(container: TestContainer): Promise<void>;
}

export async function startNetwork(
  options: Omit<Partial<NetworkCreateOptions>, 'Name'> = {},
  name = uniqueName('net'),
): Promise<TestNetwork> {
  const network = await engineClient().createNetwork({ ...options, Name: name });
  return {
    id: network.id,
    name,
    connect: async ({ id }) => {
      await network.connect({ Container: id });
    },
    disconnect: async ({ id }) => {
      await network.disconnect({ Container: id, Force: true });
    },
    [Symbol.asyncDispose]: async () => {
      await network.remove();
    },
  };
}

/** The client of the engine that testcontainers uses, too, also where no project of vitest provides one. */
export function engineClient(): EngineClient {
  const host = process.env['DOCKER_HOST'];
  if (host === undefined) throw new Error('no engine: DOCKER_HOST is not set');
  return connect(host);
}

/** A name that is unique, also among test files that run at the same time. */
export function uniqueName(kind: string): string {
  return `sealane-${kind}-${crypto.randomUUID().slice(0, 8)}`;
}

/**
 * Strips the engine's frames from the output of a container without a terminal: 4 bytes of stream, 4 of length,
 * payload.
 */
export function demultiplexed(raw: Buffer): string {
  const parts: Buffer[] = [];
  for (let offset = 0; offset + 8 <= raw.length;) {
    const length = raw.readUInt32BE(offset + 4);
    parts.push(raw.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
  return Buffer.concat(parts).toString('utf8');
}
