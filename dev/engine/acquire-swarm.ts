import { connect, type EngineClient } from '../../src/demo/engine-client.ts';
import { pause } from './processes.ts';
import { supervised, type SuperviseOptions } from './supervised.ts';
import type { SwarmMachine } from './swarm-machine.ts';

/** A Docker Swarm of private engines, which is removed like a private Docker engine. */
export interface AcquiredSwarm extends AsyncDisposable {
  /** The address of the first node's engine. */
  readonly host: string;
  /** The managers come first, and the leader is the first of them. */
  readonly machines: readonly SwarmMachine[];
  /** What it uses on this machine, for tests that check that nothing of it remains. */
  readonly traces: { readonly machines: readonly SwarmMachine[]; readonly pid: number };
  /** Resolves when it is removed. */
  release(): Promise<void>;
}

export interface SwarmOptions extends SuperviseOptions {
  readonly nodes: number;
  readonly managers: number;
  /** How often a node tells the managers that it is alive. Default: 5 s. They take it for down after three times as long. */
  readonly heartbeatMs?: number;
}

/** Rejects, where no engines can be installed or started, with one line that says why. */
export async function acquireSwarm(options: SwarmOptions): Promise<AcquiredSwarm> {
  const { ready, pid, release } = await supervised('swarm', options, String(options.nodes));
  const { machines } = ready;
  try {
    const host = await form(machines, options);
    return { host, machines, traces: { machines, pid }, release, [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Makes a Swarm of the machines. Resolves with its leader's host when all nodes are ready. */
async function form(
  [leader, ...others]: readonly SwarmMachine[],
  { managers, heartbeatMs = 5000 }: SwarmOptions,
): Promise<string> {
  if (leader === undefined) throw new Error('a Swarm needs a node');
  const client = clientOf(leader);
  await client.swarmInit({
    ...addresses(leader),
    Spec: { Dispatcher: { HeartbeatPeriod: heartbeatMs * 1e6 } },
  });
  const { JoinTokens: tokens }: { JoinTokens: { Manager: string; Worker: string } } = await client.swarmInspect();
  for (const machine of others) {
    await clientOf(machine).swarmJoin({
      ...addresses(machine),
      RemoteAddrs: [addresses(leader).ListenAddr],
      JoinToken: machine.number <= managers ? tokens.Manager : tokens.Worker,
    });
  }
  const isReady = async (): Promise<boolean> => {
    const nodes: readonly { Status?: { State: string } }[] = await client.listNodes();
    return nodes.filter(({ Status }) => Status?.State === 'ready').length === others.length + 1;
  };
  while (!(await isReady())) await pause(50);
  return hostOf(leader);
}

function addresses({ nodeAddress }: SwarmMachine): { readonly AdvertiseAddr: string; readonly ListenAddr: string } {
  return { AdvertiseAddr: nodeAddress, ListenAddr: `${nodeAddress}:2377` };
}

export function clientOf(machine: SwarmMachine): EngineClient {
  return connect(hostOf(machine));
}

function hostOf({ socket }: SwarmMachine): string {
  return `unix://${socket}`;
}
