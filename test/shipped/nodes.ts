import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../dev/machine/command.ts';

/** The folder of the program `node` of a release line, such as 22, which npm installs beneath `folder`. */
export async function installNode(line: number, folder: string): Promise<string> {
  if (process.versions.node.startsWith(`${line}.`)) return dirname(process.execPath);
  const prefix = join(folder, `node-${line}`);
  await mkdir(prefix);
  await writeFile(join(prefix, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
  const args = ['install', '--prefix', prefix, '--no-audit', '--no-fund', `node@${line}`];
  await run('npm', args, { timeoutMs: 300_000 });
  return join(prefix, 'node_modules/.bin');
}
