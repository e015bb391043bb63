import { connect, type EngineClient } from '../../src/demo/engine-client.ts';
import { supervised, type SuperviseOptions } from './supervised.ts';

/** A Podman in a network namespace of its own, which is removed like a private Docker engine. */
export interface AcquiredPodman extends AsyncDisposable {
  readonly host: string;
  readonly client: EngineClient;
  /** The command that runs another one in the engine's network, where the containers' addresses are reached. */
  readonly inside: readonly string[];
  /** Where programs in that network are reached from outside. */
  readonly address: string;
  /** What it uses on this machine, for tests that check that nothing of it remains. */
  readonly traces: { readonly folder: string; readonly device: string; readonly pid: number };
  /** Resolves when it is removed. */
  release(): Promise<void>;
}

/** Rejects, where no Podman can be installed or started, with one line that says why. */
export async function acquirePodman(options: SuperviseOptions): Promise<AcquiredPodman> {
  const { ready, pid, release } = await supervised('podman', options);
  const { host, folder, device, address, enginePid } = ready;
  const inside = ['nsenter', `--net=/proc/${enginePid}/ns/net`];
  const traces = { folder, device, pid };
  return { host, client: connect(host), inside, address, traces, release, [Symbol.asyncDispose]: release };
}
