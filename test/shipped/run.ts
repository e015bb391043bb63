import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { acquireEngine } from '../../dev/engine/acquire.ts';
import { installMissing } from '../../dev/machine/packages.ts';
import { buildBusyboxImage } from '../support/engine/busybox.ts';
import { binary } from './binary.ts';
import { image } from './image.ts';
import { npx } from './npx.ts';
import type { Place } from './place.ts';

/**
 * `npm run test:shipped`: makes the package, the executable and the image, each twice the same, and uses each from an empty folder as its users
 * do: a relay to this machine, and a labelled container. `-- npx binary image` chooses some of them;
 * `--transcripts FOLDER` keeps what users see. Needs Linux, and a Docker engine or root on Debian or Ubuntu.
 */
const forms: Readonly<Record<string, (place: Place) => Promise<void>>> = { npx, binary, image };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { transcripts: { type: 'string' } },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(forms);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string };

await using kept = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), 'sealane-shipped-'));
kept.defer(() => rm(folder, { recursive: true, force: true }));
await installMissing(
  [
    { program: 'busybox', debianPackage: 'busybox-static' },
    { program: 'docker', debianPackage: 'docker.io' },
    { program: 'curl', debianPackage: 'curl' },
  ],
  say,
);
const engine = kept.use(await acquireEngine({ allowPrivate: true, onProgress: say }));
const shared = { root, folder, version, engine, image: await buildBusyboxImage(engine.client) };

let emptyFolders = 0;
const emptyFolder = async (): Promise<string> => {
  const made = join(folder, `empty-${emptyFolders++}`);
  await mkdir(made);
  return made;
};
for (const name of chosen) {
  const use = forms[name];
  if (use === undefined) throw new Error(`${name} is none of ${Object.keys(forms).join(', ')}`);
  const seen: string[] = [];
  const sees = (line: string): void => {
    seen.push(line);
    say(line);
  };
  say(`## ${name}`);
  await use({ ...shared, emptyFolder, sees });
  if (values.transcripts !== undefined) {
    const text = `# Sealane by ${name}\n\n\`\`\`\n${seen.join('\n')}\n\`\`\`\n`;
    await mkdir(values.transcripts, { recursive: true });
    await writeFile(join(values.transcripts, `transcript-${name}.md`), text);
  }
}
say('passed');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
