import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasTool } from './tools.ts';
import { runToEnd } from './workflow-step.ts';
import { tempFolder } from '../temp-folder.ts';

/**
 * Boots the systemd of this machine in a container with its own network, on a copy-on-write view of the machine's files
 * (systemd-nspawn(1), overlay). A script runs in it, and the container ends.
 */
export async function canBootSystemd(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return (await hasTool('systemd-nspawn')) && (await hasTool('mount'));
}

interface Boot {
  /** Files that the container has beside the machine's own: path, and text or the folder to copy. */
  readonly files: Readonly<Record<string, string | { readonly from: string }>>;
  /** A script for bash; what it prints is the result. */
  readonly script: string;
  readonly timeoutMs: number;
}

export async function inBootedSystemd({ files, script, timeoutMs }: Boot): Promise<string> {
  await using folder = await tempFolder();
  await using mounts = new AsyncDisposableStack();
  // An overlay can't lie on another one, which a machine's own files may be.
  await expectSuccess('mount', ['-t', 'tmpfs', 'sealane-systemd', folder.path]);
  mounts.defer(() => expectSuccess('umount', ['--lazy', folder.path]));
  const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(folder.path, name));
  if (upper === undefined || work === undefined || root === undefined) throw new Error('three names are three paths');
  for (const path of [upper, work, root]) await mkdir(path);
  const layers = `lowerdir=/,upperdir=${upper},workdir=${work}`;
  await expectSuccess('mount', ['-t', 'overlay', 'sealane-systemd', '-o', layers, root]);
  mounts.defer(() => expectSuccess('umount', ['--lazy', root]));
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    if (typeof content === 'object') await cp(content.from, target, { recursive: true, dereference: true });
    else await writeFile(target, content);
  }
  await writeFile(join(root, 'script.sh'), `exec >/script.out 2>&1\n${script}\nsystemctl poweroff --no-block\n`);
  await writeFile(join(root, 'etc/systemd/system/script.service'), '[Service]\nExecStart=/bin/bash /script.sh\n');
  await chmod(join(root, 'script.sh'), 0o755);
  const boot = ['--boot', 'systemd.unit=basic.target', 'systemd.wants=script.service', 'systemd.log_target=null'];
  const nspawn = ['--quiet', '--register=no', '--keep-unit', '--private-network', '--directory', root, ...boot];
  await runToEnd('timeout', [String(Math.ceil(timeoutMs / 1_000)), 'systemd-nspawn', ...nspawn]);
  return await readFile(join(root, 'script.out'), 'utf8');
}

async function expectSuccess(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runToEnd(program, args);
  if (code !== 0) throw new Error(`${program} failed: ${stderr}`);
}
