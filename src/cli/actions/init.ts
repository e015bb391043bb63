import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { addSealane, diffOf, type Addition } from '../../check/add-sealane.ts';
import { isLabelled } from '../../check/is-labelled.ts';
import { runsSealane } from '../../check/sealane-service.ts';
import { createDiskLoader } from '../../compose/disk-loader.ts';
import { readProject } from '../../compose/project.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfig } from '../../config/load.ts';
import { thisMachine } from '../../docker/find/machine.ts';
import { socketToMount } from '../../docker/find/usual-sockets.ts';
import { messageOf } from '../../text/message-of.ts';
import { painter } from '../../text/paint.ts';
import { printable } from '../../text/printable.ts';
import { hasColours } from '../colours.ts';

/**
 * `sealane init [FILE]`: adds Sealane to a compose file. It shows the change as a diff, asks on a terminal, and writes
 * only on yes or with `--yes`. A file that has Sealane already stays as it is.
 */
export interface InitFlags {
  readonly yes: boolean;
  readonly image?: string;
  readonly scope?: string;
  readonly labelPrefix?: string;
}

export async function init(file: string | undefined, flags: InitFlags): Promise<number> {
  if (file === '-') throw new ConfigError('init changes a file, and standard input is none; name the file');
  const { scope = 'project', labelPrefix } = flags;
  const given = labelPrefix === undefined ? { scope } : { scope, 'label-prefix': labelPrefix };
  const { settings } = await loadConfig(given, { SEALANE_LABEL_PREFIX: process.env['SEALANE_LABEL_PREFIX'] });
  const prefix = settings['label-prefix'];
  const disk = createDiskLoader(process.cwd());
  const files = file === undefined ? [] : [file];
  const request = { files, envFiles: [], profiles: [], projectName: undefined, folder: process.cwd() };
  const project = await readProject({ ...request, environment: process.env }, disk);
  const [path = ''] = project.files;
  const shown = printable(disk.show(path), 400);
  const present = project.services.find((service) => runsSealane(service, prefix));
  if (present) {
    process.stdout.write(`${shown} has Sealane already: service ${printable(present.name)}\n`);
    return 0;
  }
  const text = await disk.read(path);
  if (!isUtf8(await readFile(path))) throw new ConfigError(`${shown} is not in UTF-8; save it so first`);
  const addition = added(shown, () =>
    addSealane(text, project, { image: flags.image ?? 'sealane', scope, labelPrefix: prefix }),
  );
  printDiff(diffOf(text, addition, shown));
  if (!flags.yes && !(await isWanted(shown))) {
    process.stdout.write('\nNothing was written. `sealane init --yes` writes it.\n');
    return 0;
  }
  await write(path, text, addition);
  const hasLabels = project.services.some((service) => isLabelled(service, prefix));
  const label = `Label a service: ${prefix}.listen=${addition.port} (where clients connect) and ${prefix}.port (its own port).`;
  process.stdout.write(
    `\n${shown} has Sealane now. ${hasLabels ? '' : `${label} `}${socketAdvice()}Then: sealane check${file === undefined ? '' : ` ${shown}`}\n`,
  );
  return 0;
}

/** The file is for all machines, so that a socket which only this one has belongs into the environment. */
function socketAdvice(): string {
  if (process.env['DOCKER_SOCKET']) return '';
  const socket = socketToMount(thisMachine(), existsSync);
  return socket === undefined
    ? ''
    : `The engine's socket here is another one: put DOCKER_SOCKET=${printable(socket)} into .env. `;
}

/** @throws ConfigError with the file's name */
function added(file: string, add: () => Addition): Addition {
  try {
    return add();
  } catch (error) {
    throw new ConfigError(`${file}: ${messageOf(error)}`, { cause: error });
  }
}

function printDiff(lines: readonly string[]): void {
  const paint = painter(hasColours(process.stdout));
  const painted = lines.map((line) => (line.startsWith('+') ? paint('green', line) : line));
  process.stdout.write(`${painted.join('\n')}\n`);
}

/** Asks on a terminal. Elsewhere the answer is no. */
async function isWanted(file: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`\nWrite ${file}? [y/N] `), closed]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** Writes in place, so that the file keeps its owner, mode and links. */
async function write(path: string, before: string, { text }: Addition): Promise<void> {
  if ((await readFile(path, 'utf8')) !== before)
    throw new ConfigError(`${printable(path, 400)} has changed in the meantime; nothing was written`);
  await writeFile(path, text).catch((error: unknown) => {
    throw new ConfigError(`cannot write ${printable(path, 400)}: ${printable(messageOf(error), 400)}`, {
      cause: error,
    });
  });
}
