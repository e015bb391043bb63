import { connect, presentEngine, type EngineClient } from '../../src/demo/engine-client.ts';
import { canInstall } from '../machine/packages.ts';
import { messageOf } from '../../src/text/message-of.ts';
import { supervised, type SuperviseOptions } from './supervised.ts';

/**
 * Acquires a Docker engine for the demo and the tests: the one of this machine, else a private engine, which is removed
 * without a trace once it is released or this process ends, in whatever way.
 */
export interface AcquiredEngine extends AsyncDisposable {
  /** The engine's address in the form of DOCKER_HOST, e.g. `unix:///var/run/docker.sock`. */
  readonly host: string;
  readonly private: boolean;
  readonly client: EngineClient;
  /** What a private engine uses on this machine, for tests that check that nothing of it remains. */
  readonly traces?: { readonly folder: string; readonly pool: string; readonly bridge: string; readonly pid: number };
  /** Resolves when a private engine is removed; at once for an engine that was already there. */
  release(): Promise<void>;
}

export interface AcquireOptions extends SuperviseOptions {
  /** Whether a private engine may be installed and started where no engine answers. */
  readonly allowPrivate: boolean;
}

/** Rejects, where no engine can be acquired, with one line that says how to get one. */
export async function acquireEngine(options: AcquireOptions): Promise<AcquiredEngine> {
  try {
    const release = async (): Promise<void> => {};
    return { ...(await presentEngine()), private: false, release, [Symbol.asyncDispose]: release };
  } catch (error) {
    if (!options.allowPrivate) throw error;
    if (!(await canInstall())) {
      throw new Error(`${messageOf(error)}; a private engine needs root on Debian or Ubuntu`, { cause: error });
    }
  }
  const { ready, pid, release } = await supervised('docker', options);
  const { host, folder, pool, bridge } = ready;
  const traces = { folder, pool, bridge, pid };
  return { host, private: true, client: connect(host), traces, release, [Symbol.asyncDispose]: release };
}
