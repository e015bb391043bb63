import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { buildProgram } from '../../../src/cli/program.ts';
import { settingChoices } from '../../../src/config/settings.ts';

test('docs/command-line.md lists exactly the commands, with their descriptions', async () => {
  const docs = await readFile(new URL('../../../docs/command-line.md', import.meta.url), 'utf8');
  const rows = [...docs.matchAll(/^\| `sealane (\w+)` \| (.*) \|$/gm)].map(([, name, text]) => [name, text]);
  const { commands } = buildProgram(() => {});
  expect(rows).toEqual(commands.map((command) => [command.name(), command.description()]));
});

test('a command that is named first is declared alone, as it is among all', () => {
  for (const command of buildProgram(() => {}).commands) {
    const { commands } = buildProgram(() => {}, [command.name()]);
    const alone = commands.find((one) => one.name() === command.name());
    expect(alone?.helpInformation()).toBe(command.helpInformation());
    expect(commands.length === 1).toBe(command.name() !== 'completion');
  }
});

test.each([[[]], [['localhost:1']], [['--docker', 'none']], [['--version']]])(
  'the arguments %j declare the default command alone, and all where help is wanted as well',
  (argv) => {
    expect(buildProgram(() => {}, argv).commands.map((one) => one.name())).toEqual(['run']);
    expect(buildProgram(() => {}, [...argv, '--help']).helpInformation()).toBe(
      buildProgram(() => {}).helpInformation(),
    );
  },
);

test('a setting with a list of words offers them for completion, however its schema declares them', () => {
  expect(settingChoices('driver')).toEqual(['auto', 'stream', 'splice']);
  expect(settingChoices('log-format')).toEqual(['json', 'pretty']);
  expect(settingChoices('reuse-port')).toEqual(['true', 'false']);
  expect(settingChoices('workers')).toBeUndefined();
});
