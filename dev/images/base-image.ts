import { realpath } from 'node:fs/promises';
import type { EngineClient } from '../../src/demo/engine-client.ts';
import { existing, programEntries, cLibraryEntries, treeEntries } from './machine-files.ts';
import { withNpm } from './npm.ts';
import { importImage, type Entry } from './root-filesystem.ts';

/**
 * A substitute for the official Node image, made of this machine's own files, so that building Sealane needs no image
 * registry. It holds Node, npm, a shell, `env` and `sleep`, the certificates that this machine trusts, and the user `node`.
 */
const caBundle = '/etc/ssl/certs/ca-certificates.crt';

/** The image's name, or undefined where none can be made: then the Dockerfile's default base image is used. */
export async function ensureBaseImage(client: EngineClient): Promise<string | undefined> {
  if (process.platform !== 'linux' || !(await engineRunsOurBinaries(client))) return undefined;
  return withNpm(async (npm) => {
    const certificates = await certificateEntries();
    const entries = [
      ...(await programEntries(process.execPath, '/usr/local/bin/node')),
      ...(await cLibraryEntries(process.execPath)),
      ...(await treeEntries(npm, '/usr/local/lib/node_modules/npm', (name) => name !== 'docs' && name !== 'man')),
      ...(await programEntries(await realpath('/bin/sh'), '/bin/sh')),
      ...(await programEntries('/usr/bin/env')),
      ...(await programEntries('/bin/sleep', '/usr/bin/sleep')),
      ...certificates,
      ...fixedEntries,
    ];
    return importImage(client, 'sealane-base', entries, [
      'ENV PATH=/usr/local/bin:/usr/bin:/bin',
      ...(certificates.length > 0 ? [`ENV NODE_EXTRA_CA_CERTS=${caBundle}`] : []),
      'CMD ["node"]',
    ]);
  });
}

const fixedEntries: readonly Entry[] = [
  { kind: 'folder', path: '/tmp', mode: 0o1777 },
  { kind: 'folder', path: '/root', mode: 0o700 },
  { kind: 'folder', path: '/home/node', mode: 0o755, owner: 1000 },
  { kind: 'link', path: '/usr/local/bin/npm', target: '../lib/node_modules/npm/bin/npm-cli.js' },
  { kind: 'link', path: '/usr/local/bin/npx', target: '../lib/node_modules/npm/bin/npx-cli.js' },
  {
    kind: 'text',
    path: '/etc/passwd',
    text: 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n',
  },
  { kind: 'text', path: '/etc/group', text: 'root:x:0:\nnode:x:1000:\n' },
  { kind: 'text', path: '/etc/nsswitch.conf', text: 'passwd: files\ngroup: files\nhosts: files dns\n' },
];

/** The certificates that this machine trusts, for Node in addition to its own: some company proxies need them. */
async function certificateEntries(): Promise<Entry[]> {
  const [bundle] = await existing([
    process.env['NODE_EXTRA_CA_CERTS'],
    process.env['SSL_CERT_FILE'],
    caBundle,
    '/etc/pki/tls/certs/ca-bundle.crt',
  ]);
  return bundle === undefined ? [] : [{ kind: 'copy', path: caBundle, source: await realpath(bundle) }];
}

/**
 * Whether the engine runs this machine's programs. A remote engine, or Docker Desktop's, may have another OS or CPU.
 */
async function engineRunsOurBinaries(client: EngineClient): Promise<boolean> {
  const { Os, Arch } = await client.version();
  const ours = process.arch === 'x64' ? 'amd64' : process.arch;
  return Os === 'linux' && Arch === ours;
}
