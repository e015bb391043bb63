import { sshHostOf } from '../docker/identity/ssh-host.ts';
import { isLocal, parseEngineUrl, type EngineTarget } from '../docker/engine-url.ts';
import type { Machine } from '../docker/find/machine.ts';

/**
 * Where the tour finds an engine's socket, and its own port, which the engine publishes.
 */
export interface DemoPlace {
  /** The path of the engine's socket on the engine's machine, for mounts. */
  readonly socket: string;
  /** The address on which the port is published; empty: all of them. */
  readonly bind: string;
  /** The host that clients dial. */
  readonly host: string;
}

type DemoMachine = Pick<Machine, 'home' | 'platform'>;

/** `url` is the engine's address. */
export async function demoPlace(
  url: string,
  machine: DemoMachine,
  lookUp: typeof sshHostOf = sshHostOf,
): Promise<DemoPlace> {
  const target = parseEngineUrl(url);
  const socket = socketOf(target, machine);
  if (target.kind === 'socket' || isLocal(target)) return { socket, bind: '127.0.0.1', host: '127.0.0.1' };
  const resolved = target.kind === 'ssh' ? await lookUp(target) : undefined;
  return { socket, bind: '', host: resolved ?? target.host };
}

/** A desktop engine runs in a virtual machine, where the socket has its usual path. */
function socketOf(target: EngineTarget, { home, platform }: DemoMachine): string {
  const usual = '/var/run/docker.sock';
  if (target.kind === 'tcp') return usual;
  if (target.kind === 'ssh') return target.path ?? usual;
  return platform !== 'linux' || target.path.startsWith(`${home}/`) ? usual : target.path;
}
