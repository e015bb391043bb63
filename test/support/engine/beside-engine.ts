import { dirname } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { mountedSealane, sealaneBinds } from '../sealane/mounted.ts';
import { startSealaneBy, type Sealane } from '../sealane/sealane.ts';
import { freePort } from '../sockets/free-port.ts';
import { startContainer, uniqueName, type TestContainer } from './containers.ts';
import { testedEngine } from './tested-engine.ts';

/**
 * A Sealane on the engine's host, or in a container there. `setUp` gives it its own label prefix, so that tests never see
 * each other's containers, and the labels by which a container joins its service `web`.
 */
export interface SetUp extends AsyncDisposable {
  readonly sealane: Sealane;
  readonly prefix: string;
  /** The name of the service: `web`, unless the Sealane is shared. */
  readonly service: string;
  /** Where the tests reach the listener of `web`. */
  readonly host: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  /** The labels with others, which are named without the prefix. */
  labelled(more?: Readonly<Record<string, string>>): Record<string, string>;
}

/** `args`: more arguments for Sealane. */
export async function setUp(...args: readonly string[]): Promise<SetUp> {
  const prefix = uniqueName('label');
  const port = await freePort();
  const host = testedEngine().address;
  await using stack = new AsyncDisposableStack();
  const sealane = stack.use(startBesideEngine('--label-prefix', prefix, '--bind', host, ...args));
  const labelled: SetUp['labelled'] = (more = {}) => {
    const all = { listen: String(port), port: '8080', pool: 'web', ...more };
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${prefix}.${name}`, value]));
  };
  await sealane.line({ event: 'engine-connected' });
  const kept = stack.move();
  return {
    ...{ sealane, prefix, service: 'web', host, port, labels: labelled(), labelled },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What a test has of a Sealane that the tests of a file share: a service of its own, with its port and labels. */
export type Part = Omit<SetUp, keyof AsyncDisposable>;

/**
 * Starts a Sealane before the tests of a file. Each call of the result gives a test its part of it. `args`: more arguments
 * for Sealane, which are asked for when it is started.
 */
export function shareSealane(args: () => readonly string[] = () => []): () => Promise<Part> {
  let shared: SetUp;
  beforeAll(async () => {
    shared = await setUp(...args());
  });
  afterAll(() => shared[Symbol.asyncDispose]());
  return async () => {
    const { sealane, prefix, host } = shared;
    const [service, port, begun] = [uniqueName('web'), await freePort(), sealane.lines.length];
    const labelled: SetUp['labelled'] = (more = {}) =>
      shared.labelled({ listen: String(port), pool: service, ...more });
    // What was said before this test is no answer to it.
    const line: Sealane['line'] = (wanted, from = begun) => sealane.line(wanted, from);
    return { sealane: { ...sealane, line }, prefix, service, host, port, labels: labelled(), labelled };
  };
}

/** A Sealane in the network namespace of the engine's host. */
export function startBesideEngine(...args: readonly string[]): Sealane {
  return startSealaneBy(testedEngine().inside, ...args);
}

interface InsideEngine {
  /** The address of the engine; a socket, whose folder is mounted. */
  readonly engine: string;
  readonly networks: readonly string[];
  /** The port to publish. */
  readonly port: number;
}

/** The built Sealane in a container, with this machine's Node and its libraries. */
export function startInsideEngine(
  { engine, networks, port }: InsideEngine,
  ...args: readonly string[]
): Promise<TestContainer> {
  return startContainer({
    image: inject('images').tools,
    command: [...mountedSealane, 'run', '--docker', 'unix:///run/engine/docker.sock', ...args],
    env: { SEALANE_LOG_FORMAT: 'json' },
    networks,
    ports: [port],
    binds: [`${dirname(engine.replace('unix://', ''))}:/run/engine:ro`, ...sealaneBinds()],
  });
}
