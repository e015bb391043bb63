import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packEntries } from '../../../dev/images/root-filesystem.ts';
import { installMissing } from '../../../dev/machine/packages.ts';
import { connect, type EngineClient } from '../../../src/demo/engine-client.ts';
import { dieWithParent } from '../programs/die-with-parent.ts';
import { busyboxEntries } from './busybox.ts';
import { eventually } from './replica.ts';

/**
 * A rootless Podman behind its Docker API, run as a user without rights in namespaces of its own: when the first
 * process there ends, the kernel ends all others, with their mounts. Everything else of it is in one temporary folder.
 *
 * The user has no further ids, so that an image's files all belong to root, and gets a /dev/net/tun of its own.
 */
export interface RootlessPodman extends AsyncDisposable {
  readonly url: string;
  readonly client: EngineClient;
  /** An image with busybox. */
  readonly image: string;
  /** An empty folder that containers may mount. */
  readonly shared: string;
}

const needs = [
  { program: 'podman', debianPackage: 'podman' },
  { program: 'conmon', debianPackage: 'conmon' },
  { program: 'runc', debianPackage: 'runc' },
  { program: 'slirp4netns', debianPackage: 'slirp4netns' },
  { program: '/usr/lib/podman/netavark', debianPackage: 'netavark' },
  { program: 'busybox', debianPackage: 'busybox-static' },
] as const;

/** The id of the user without rights, whom no process else runs as (Debian base-passwd). */
const unprivileged = 65_534;

/** runc also runs where version 1 and 2 of cgroups are mounted side by side. The limits are within this machine's own. */
const configuration = `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
[network]
network_backend = "netavark"
`;

/** The first process stays root's: one that changes its user no longer ends with its parent (PR_SET_PDEATHSIG). */
const entrance = `set -e
mount -t tmpfs tmpfs /dev/net
mknod -m 666 /dev/net/tun c 10 200
setpriv --reuid ${unprivileged} --regid ${unprivileged} --clear-groups podman --storage-driver vfs system service --time=0 "$1" &
wait`;

export async function startRootlessPodman(): Promise<RootlessPodman> {
  await installMissing(needs, () => {});
  const folder = await mkdtemp(join(tmpdir(), 'sealane-rootless-'));
  const url = `unix://${join(folder, 'podman.sock')}`;
  await mkdir(join(folder, 'config/containers'), { recursive: true });
  await mkdir(join(folder, 'run'), { mode: 0o700 });
  await writeFile(join(folder, 'config/containers/containers.conf'), configuration);
  await mkdir(join(folder, 'shared'));
  for (const path of ['', 'config', 'config/containers', 'run'])
    await chown(join(folder, path), unprivileged, unprivileged);
  await chmod(folder, 0o711);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: folder,
    XDG_RUNTIME_DIR: join(folder, 'run'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    PODMAN_IGNORE_CGROUPSV1_WARNING: '1',
  };
  const isolated = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', entrance];
  const [program, ...args] = [...dieWithParent, ...isolated, 'podman', url] as const;
  const log: string[] = [];
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const ended = once(child, 'close');
  const client = connect(url);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  try {
    const isUp = (): Promise<unknown> => client.ping().catch(() => undefined);
    await eventually(isUp, (pong) => pong !== undefined || child.exitCode !== null);
    const image = 'localhost/sealane-test-busybox:1';
    const entries = [...(await busyboxEntries()), { kind: 'folder', path: '/tmp', mode: 0o1777 } as const];
    const progress = await client.importImage(packEntries(entries), { repo: image, changes: ['ENV PATH=/bin'] });
    for await (const _ of progress);
    return { url, client, image, shared: join(folder, 'shared'), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw new Error(`rootless Podman does not start: ${log.join('').trim() || String(error)}`, { cause: error });
  }
}
