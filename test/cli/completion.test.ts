import { chmod } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { installMissing } from '../../dev/machine/packages.ts';
import { shells } from '../support/programs/needs.ts';
import { askSealane } from '../support/sealane/ask.ts';
import { sealaneCommand, startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/sealane/terminal.ts';

let folder: TempFolder;
let sealane: Sealane;
let env: Readonly<Record<string, string>>;

/** A `sealane` in the PATH, and a running Sealane with services whose names contain word separators of shells. */
beforeAll(async () => {
  folder = await tempFolder();
  await chmod(await folder.write('sealane', `#!/bin/sh\nexec ${sealaneCommand.join(' ')} "$@"\n`), 0o755);
  const admin = `127.0.0.1:${await freePort()}`;
  const service = async (name: string): Promise<string> =>
    `  ${name}: { listen: ${await freePort()}, upstreams: [localhost:1] }`;
  const config = ['services:', await service('shop/api:web'), await service('shop/api:admin'), await service('db')];
  sealane = startSealane(
    '--docker',
    'none',
    '--admin',
    admin,
    '--config',
    await folder.write('s.yaml', config.join('\n')),
  );
  await sealane.line({ event: 'route-opened', service: 'db' });
  for (const shell of ['bash', 'fish']) {
    const { stdout } = await askSealane(['completion', shell]);
    await folder.write(`completion.${shell}`, stdout);
  }
  env = { COMPLETIONS: folder.path, PATH: `${folder.path}${delimiter}${process.env['PATH']}`, SEALANE_ADMIN: admin };
  await installMissing(shells, () => undefined);
}, 300_000);

afterAll(async () => {
  await sealane?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const cases = [
  ['sealane st', ['status']],
  ['sealane run --driver ', ['auto', 'splice', 'stream']],
  ['sealane --scope p', ['project']],
  ['sealane why d', ['db']],
  ['sealane completion ', ['bash', 'fish', 'zsh']],
  ['sealane check --format g', ['github']],
  ['sealane events --fol', ['--follow']],
] as const;

describe('completion for bash', () => {
  const complete = async (line: string): Promise<string[]> => {
    const script = `source "$COMPLETIONS/completion.bash"; COMP_LINE=$1 COMP_POINT=\${#1}; _sealane; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const stdout = await run('bash', ['--norc', '-c', script, 'bash', line], { env });
    return stdout
      .split('\n')
      .filter((one) => one !== '')
      .toSorted();
  };

  it.each(cases)('%s', async (line, expected) => {
    expect(await complete(line)).toEqual(expected);
  });

  it('replaces only the text after the last colon, where bash splits words', async () => {
    expect(await complete('sealane why shop/api:')).toEqual(['admin', 'web']);
    expect(await complete('sealane why sho')).toEqual(['shop/api:admin', 'shop/api:web']);
  });

  it('completes files', async () => {
    expect(await complete(`sealane check ${folder.path}/s.`)).toEqual([`${folder.path}/s.yaml`]);
    expect(await complete(`sealane --config ${folder.path}/s.`)).toEqual([`${folder.path}/s.yaml`]);
  });
});

describe('completion for fish', () => {
  it.each(cases)('%s', async (line, expected) => {
    const script = 'source $COMPLETIONS/completion.fish; complete -C $argv[1]';
    const stdout = await run('fish', ['--no-config', '-c', script, line], { env });
    const words = stdout.split('\n').map((one) => one.split('\t')[0] ?? '');
    expect(words.filter((one) => one !== '').toSorted()).toEqual(expected);
  });
});

describe('completion for zsh', () => {
  it('completes commands, values and services', async () => {
    await using terminal = await openTerminal('zsh -f', { env });
    await terminal.press(
      'autoload -Uz compinit; compinit -u -D; source <(sealane completion zsh); PS1="ready> "',
      'Enter',
    );
    await terminal.shows(/^ready>$/m);
    const expectCompletion = async (typed: string, completed: RegExp): Promise<void> => {
      await terminal.press('C-u');
      await terminal.press('-l', typed);
      await terminal.press('Tab');
      await terminal.shows(completed);
    };
    await expectCompletion('sealane st', /^ready> sealane status ?$/m);
    await expectCompletion('sealane run --driver sp', /^ready> sealane run --driver splice ?$/m);
    await expectCompletion('sealane why d', /^ready> sealane why db ?$/m);
    await expectCompletion('sealane events --fol', /^ready> sealane events --follow ?$/m);
  });
});

describe('sealane completion', () => {
  it('prints nothing where no Sealane runs', async () => {
    const { code, stdout, stderr } = await askSealane(['completion', 'services', '--'], {
      SEALANE_ADMIN: '127.0.0.1:1',
    });
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: '' });
  });

  it('lists the supported shells for an unknown one', async () => {
    const { code, stderr } = await askSealane(['completion', 'tcsh']);
    expect(stderr).toBe('sealane: completion supports bash, zsh, fish, not "tcsh"\n');
    expect(code).toBe(2);
  });
});
