import { join } from 'node:path';
import { chown, readdir } from 'node:fs/promises';
import { run } from '../../../dev/machine/command.ts';
import { installMissing } from '../../../dev/machine/packages.ts';
import { programEntries, treeEntries } from '../../../dev/images/machine-files.ts';
import { importImage, type Entry } from '../../../dev/images/root-filesystem.ts';
import { connect } from '../../../src/demo/engine-client.ts';
import { tempFolder } from '../temp-folder.ts';
import { busyboxEntries } from './busybox.ts';

/**
 * Builds an image of Debian's PostgreSQL from this machine's files. It stops as a database behind any proxy should:
 * SIGTERM of the container takes it out of its pool, and a moment later the server gets the signal for a smart
 * shutdown, which lets transactions finish (pg_ctl(1)). Without the delay, the server would still get the connections
 * of the two milliseconds until the engine's event of the signal arrives (more on a busy machine), and would answer them with an error.
 */
export interface PostgresImage {
  readonly name: string;
  /** The paths of this machine's clients, of the server's version. */
  readonly pgbench: string;
  readonly psql: string;
}

const script = `
[ -d /tmp/data ] || {
  tar -xf /data.tar -C /tmp
  echo 'host all all all trust' >> /tmp/data/pg_hba.conf
}
postgres -D /tmp/data -h '*' -k /tmp -c fsync=off -c logging_collector=off &
trap 'sleep 0.3; kill -TERM $!' TERM
wait $!
wait $!
`;

export async function buildPostgresImage(host: string, onProgress: (line: string) => void): Promise<PostgresImage> {
  const folder = await serverFolder(onProgress);
  const version = folder.split('/').at(-1) ?? '';
  await using made = await tempFolder();
  const entries: Entry[] = [
    ...(await busyboxEntries()),
    ...(await programEntries(join(folder, 'bin/postgres'))),
    ...(await programEntries(join(folder, 'bin/pg_isready'))),
    ...(await treeEntries(join(folder, 'lib'), join(folder, 'lib'), isNeeded)),
    ...(await treeEntries(`/usr/share/postgresql/${version}`, `/usr/share/postgresql/${version}`)),
    { kind: 'text', path: '/etc/passwd', text: 'root:x:0:0:root:/:/bin/sh\nbench:x:1000:1000::/tmp:/bin/sh\n' },
    { kind: 'text', path: '/start', text: script },
    { kind: 'copy', path: '/data.tar', source: await makeData(made.path, join(folder, 'bin/initdb')) },
  ];
  const name = await importImage(connect(host), 'sealane-test-postgres', entries, [
    `ENV PATH=${join(folder, 'bin')}:/usr/bin:/bin`,
    'USER 1000',
    'CMD ["sh", "/start"]',
  ]);
  return { name, pgbench: join(folder, 'bin/pgbench'), psql: join(folder, 'bin/psql') };
}

/** Makes the server's empty data folder, as a tar: initdb takes two seconds, and each container needs one. */
async function makeData(folder: string, initdb: string): Promise<string> {
  const asUser: string[] = [];
  if (process.getuid?.() === 0) {
    // initdb refuses to run as root. This is the user of the container.
    await chown(folder, 1000, 1000);
    asUser.push('setpriv', '--reuid=1000', '--regid=1000', '--clear-groups');
  }
  const options = ['--username', 'bench', '--auth', 'trust', '--locale', 'C', '--encoding', 'UTF8', '--no-sync'];
  const [program = initdb, ...args] = [...asUser, initdb, '--pgdata', join(folder, 'data'), ...options];
  // The image has no data of other time zones.
  await run(program, args, { env: { TZ: 'GMT' } });
  const tar = join(folder, 'data.tar');
  await run('tar', ['-cf', tar, '-C', folder, 'data']);
  return tar;
}

const parent = '/usr/lib/postgresql';

async function serverFolder(onProgress: (line: string) => void): Promise<string> {
  const installed = async (): Promise<string | undefined> => {
    for (const version of await readdir(parent).catch((): string[] => [])) {
      const programs = await readdir(join(parent, version, 'bin'));
      if (programs.includes('postgres') && programs.includes('pgbench')) return join(parent, version);
    }
    return undefined;
  };
  const found = await installed();
  if (found !== undefined) return found;
  // The server is in no folder of the PATH, but this program of the same package is.
  await installMissing([{ program: 'pg_ctlcluster', debianPackage: 'postgresql' }], onProgress);
  const folder = await installed();
  if (folder === undefined) throw new Error(`Debian's package postgresql left no server in ${parent}`);
  return folder;
}

/** Whether the server needs this library. The JIT compiler, with all of LLVM, is left out. */
function isNeeded(name: string): boolean {
  return name === 'plpgsql.so' || name === 'dict_snowball.so';
}
