import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { EngineKind } from '../../../dev/engine/supervisor-protocol.ts';
import { programEntries } from '../../../dev/images/machine-files.ts';
import { importImage } from '../../../dev/images/root-filesystem.ts';
import { connect } from '../../../src/demo/engine-client.ts';

/**
 * A private engine that another process holds, for tests of what is left of the engine when that process ends.
 */
export interface HeldEngine<T> {
  readonly holder: ChildProcess;
  readonly host: string;
  /** What the engine uses on this machine. */
  readonly traces: T;
}

const program = fileURLToPath(new URL('holder.ts', import.meta.url));

/** Starts a private engine, even where this machine has another one. Its holder ends with the test at the latest. */
export async function holdEngine<T>(engine: EngineKind, traces: z.ZodType<T>): Promise<HeldEngine<T>> {
  const holder = spawn(process.execPath, [program, engine], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, DOCKER_HOST: 'unix:///nowhere/docker.sock' },
  });
  onTestFinished(() => void holder.kill('SIGKILL'));
  const errors = text(holder.stderr);
  const early = once(holder, 'exit').then(async () => {
    throw new Error(`the holder of a private engine ended early: ${await errors}`);
  });
  const [line] = (await Promise.race([once(createInterface(holder.stdout), 'line'), early])) as [string];
  return { holder, ...z.object({ host: z.string(), traces }).parse(JSON.parse(line)) };
}

/** Runs a container that ignores SIGTERM, so that only SIGKILL ends it. Returns its id. */
export async function runSleeper(host: string): Promise<string> {
  const client = connect(host);
  const image = await importImage(client, 'sleeper', await programEntries('/bin/busybox'), []);
  const container = await client.createContainer({ Image: image, Cmd: ['/bin/busybox', 'sleep', '1000000'] });
  await container.start();
  return container.id;
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The number of lines that have one of the marks. */
export function countLines(lines: string, ...marks: readonly string[]): number {
  return lines.split('\n').filter((line) => marks.some((mark) => line.includes(mark))).length;
}
