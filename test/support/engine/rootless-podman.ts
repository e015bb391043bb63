import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podmanConfiguration, podmanNeeds, withoutPackageNames } from '../../../dev/engine/podman-config.ts';
import { runtimePath, withoutSecondCgroups } from '../../../dev/engine/runtime.ts';
import { installMissing } from '../../../dev/machine/packages.ts';
import { connect, type EngineClient } from '../../../src/demo/engine-client.ts';
import { dieWithParent } from '../programs/die-with-parent.ts';
import { buildBusyboxImage } from './busybox.ts';
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
  /** The command that runs another one where Podman's processes are seen. It ends with its parent. */
  readonly inside: readonly string[];
  /** An empty folder that containers may mount. */
  readonly shared: string;
}

const needs = [
  ...podmanNeeds,
  { program: 'slirp4netns', debianPackage: 'slirp4netns' },
  { program: 'busybox', debianPackage: 'busybox-static' },
] as const;

/** The id of Debian's user without rights, which no other process has (Debian base-passwd). */
const unprivileged = 65_534;

/** The first process stays root's: one that changes its user no longer ends with its parent (PR_SET_PDEATHSIG). */
const entrance = `set -e
${withoutPackageNames}
${withoutSecondCgroups}
mount -t tmpfs tmpfs /dev/net
mknod -m 666 /dev/net/tun c 10 200
setpriv --reuid ${unprivileged} --regid ${unprivileged} --clear-groups podman --storage-driver vfs system service --time=0 "$1" &
wait`;

export async function startRootlessPodman(): Promise<RootlessPodman> {
  await installMissing(needs, () => {});
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sealane-rootless-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  await furnish(folder);
  const url = `unix://${join(folder, 'podman.sock')}`;
  const service = stack.use(startService(folder, url));
  const client = connect(url);
  const isUp = (): Promise<unknown> => client.ping().catch(() => undefined);
  try {
    await eventually(isUp, (pong) => pong !== undefined || service.hasEnded());
    const image = await buildBusyboxImage(client);
    const kept = stack.move();
    return {
      ...{ url, client, image, shared: join(folder, 'shared'), inside: await service.inside() },
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  } catch (error) {
    throw new Error(`rootless Podman does not start: ${service.said() || String(error)}`, { cause: error });
  }
}

/** Makes what is in the user's home: the configuration, the folder for sockets, and the one that containers may mount. */
async function furnish(folder: string): Promise<void> {
  await mkdir(join(folder, 'config/containers'), { recursive: true });
  await mkdir(join(folder, 'run'), { mode: 0o700 });
  await writeFile(join(folder, 'config/containers/containers.conf'), podmanConfiguration(await runtimePath()));
  await mkdir(join(folder, 'shared'));
  for (const path of ['', 'config', 'config/containers', 'run'])
    await chown(join(folder, path), unprivileged, unprivileged);
  await chmod(folder, 0o711);
}

interface Service extends AsyncDisposable {
  hasEnded(): boolean;
  /** What it has written to standard error. */
  said(): string;
  inside(): Promise<readonly string[]>;
}

function startService(folder: string, url: string): Service {
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
  child.on('error', (error) => log.push(error.message));
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    hasEnded: () => child.exitCode !== null,
    said: () => log.join('').trim(),
    async inside() {
      // The only child of unshare is the first process of the namespaces.
      const first = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim();
      return ['nsenter', '--target', first, '--pid', '--mount', ...dieWithParent];
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
