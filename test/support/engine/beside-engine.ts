import { startSealaneBy, type Sealane } from '../sealane/sealane.ts';
import { freePort } from '../sockets/free-port.ts';
import { uniqueName } from './containers.ts';
import { testedEngine } from './tested-engine.ts';

/**
 * A Sealane on the engine's host with its own label prefix, so that tests never see each other's containers, and the
 * labels by which a container joins its service `web`.
 */
export interface SetUp extends AsyncDisposable {
  readonly sealane: Sealane;
  readonly prefix: string;
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
    ...{ sealane, prefix, host, port, labels: labelled(), labelled },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A Sealane in the network namespace of the engine's host. */
export function startBesideEngine(...args: readonly string[]): Sealane {
  return startSealaneBy(testedEngine().inside, ...args);
}
