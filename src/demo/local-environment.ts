import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { freePort } from '../network/free-port.ts';
import type { Environment, LocalEnvironmentSpec } from './environment.ts';

/**
 * Runs the tour without Docker: replicas are processes of Sealane's executable, and Sealane reads their addresses from
 * a file that is rewritten whenever they change.
 */
interface Replica {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}

export async function openLocalEnvironment(
  { command }: LocalEnvironmentSpec,
  signal: AbortSignal,
): Promise<Environment> {
  const folder = await mkdtemp(join(tmpdir(), 'sealane-demo-'));
  const file = join(folder, 'sealane.yaml');
  const port = await freePort();
  const children = new Set<ChildProcess>();
  let log: Interface | undefined;
  const replicas: Replica[] = [];
  let serial = 0;

  const start = (args: readonly string[], variables: Readonly<Record<string, string>> = {}): RunningChild => {
    const [program, ...leading] = command;
    const child = spawn(program, [...leading, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...variables },
    });
    children.add(child);
    child.once('close', () => children.delete(child));
    child.on('error', () => {});
    child.stderr.resume();
    return child;
  };

  /** Resolves when Sealane has read the change: until then it still dials replicas that are about to stop. */
  const publish = async (): Promise<void> => {
    const lines = replicas.map((replica) => `      - 127.0.0.1:${replica.port}`);
    const upstreams = lines.length === 0 ? '    upstreams: []' : ['    upstreams:', ...lines].join('\n');
    // The file is written beside the old one and renamed, so that Sealane never reads half of it.
    await writeFile(`${file}.new`, `services:\n  whoami:\n    listen: 127.0.0.1:${port}\n${upstreams}\n`);
    await Promise.all([log && fileRead(log, signal), rename(`${file}.new`, file)]);
  };

  const remove = async (count: number): Promise<void> => {
    const leaving = replicas.splice(-count);
    await publish();
    await Promise.all(leaving.map(({ child }) => end(child, 'SIGTERM')));
  };

  const environment: Environment = {
    host: '127.0.0.1',
    port,
    stopTitle: 'Take one of the two out of the file, then stop it',
    replicas: () => replicas.map(({ name }) => name),
    add: async (count) => {
      for (let index = 0; index < count; index += 1) {
        signal.throwIfAborted();
        serial += 1;
        const own = await freePort();
        const name = `whoami-${serial}`;
        const child = start(['whoami', '--port', String(own)], { WHOAMI_NAME: name });
        await once(createInterface(child.stdout), 'line', { signal });
        replicas.push({ name, port: own, child });
      }
      await publish();
    },
    remove,
    // There is no engine to tell Sealane that a process is about to stop, so the file does. Without it, connections
    // that the kernel has accepted for a closing listener are reset, and no proxy can tell whether they were served.
    stopOne: () => remove(1),
    close: async () => {
      await Promise.all([...children].map((child) => end(child, 'SIGKILL')));
      await rm(folder, { recursive: true, force: true });
    },
  };

  try {
    await publish();
    const flags = [
      '--docker',
      'none',
      '--config',
      file,
      '--admin',
      'off',
      '--access-log',
      'off',
      '--log-format',
      'json',
    ];
    log = createInterface(start(['run', ...flags]).stderr);
    await once(log, 'line', { signal });
    return environment;
  } catch (error) {
    await environment.close();
    throw error;
  }
}

type RunningChild = ChildProcessByStdio<null, Readable, Readable>;

/** Resolves when Sealane logs that it has read the file. */
async function fileRead(log: Interface, signal: AbortSignal): Promise<void> {
  for await (const [line] of on(log, 'line', { signal, close: ['close'] })) {
    if (String(line).includes('"event":"config-read"')) return;
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
