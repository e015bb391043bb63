import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run, which } from '../machine/command.ts';
import { existing } from './machine-files.ts';

/**
 * Finds a self-contained npm on this machine for the base image. Debian's package spreads the parts of npm over the
 * system; in that case npm installs a complete copy of itself.
 */
export async function withNpm<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const present = await wholeNpm();
  if (present !== undefined) return use(present);
  const folder = await mkdtemp(join(tmpdir(), 'sealane-npm-'));
  try {
    await run('npm', ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', 'npm@11'], {
      timeoutMs: 120_000,
    });
    return await use(join(folder, 'node_modules/npm'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The npm that started this process, else the one of the global `npm` command. */
async function wholeNpm(): Promise<string | undefined> {
  const command = await which('npm');
  const entries = [process.env['npm_execpath'], command, join(process.execPath, '../../lib/node_modules/npm/bin/npm')];
  for (const entry of await existing(entries)) {
    const folder = dirname(dirname(await realpath(entry)));
    const parts = await existing([join(folder, 'bin/npm-cli.js'), join(folder, 'node_modules/@npmcli/arborist')]);
    if (parts.length === 2) return folder;
  }
  return undefined;
}
