import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { optionNames, routeOptions } from '../../../src/config/options/route-options.ts';
import { settingDoc, settingNames, settingsSchemas } from '../../../src/config/settings.ts';
import { buildProgram } from '../../../src/cli/program.ts';

/** The values of a command's flags, as its action would get them. */
async function parsed(name: string, ...argv: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const program = buildProgram(() => {});
  const command = program.commands.find((one) => one.name() === name);
  if (!command) throw new Error(`there is no command ${name}`);
  command.action(() => {});
  await program.parseAsync([name, ...argv], { from: 'user' });
  return command.opts();
}

describe('a flag that is given twice', () => {
  it.each([
    ['certs', ['--certs', '/a', '--certs', '/b,/c'], { certs: '/a,/b,/c' }],
    ['admin-names', ['--admin-names', 'a.test', '--admin-names=b.test'], { adminNames: 'a.test,b.test' }],
    ['upstream-ca', ['--upstream-ca', '/a', '--upstream-ca', '/b'], { upstreamCa: '/a,/b' }],
    ['allow', ['--allow', '10.0.0.0/8', '--allow', '::1'], { allow: '10.0.0.0/8,::1' }],
    ['host', ['--host', 'a.test', '--host', 'b.test'], { host: 'a.test,b.test' }],
  ])('gathers its values where it is a list: --%s', async (_, argv, values) => {
    expect(await parsed('run', ...argv)).toMatchObject(values);
  });

  it.each([
    ['run', '--log-level', 'debug'],
    ['run', '--config', '/a'],
    ['run', '--hold', '5s'],
    ['run', '--admin-token', 'a-secret-of-16-letters'],
    ['run', '--listen', '80'],
    ['run', '--health.interval', '5s'],
    ['status', '--admin', '127.0.0.1:1'],
    ['events', '--lines', '5'],
    ['demo', '--image', 'a'],
  ])('is refused where it is no list, and its values are not shown: sealane %s %s', async (command, flag, value) => {
    const once = parsed(command, flag, value);
    await expect(once).resolves.toBeDefined();
    const twice = parsed(command, flag, value, flag, value);
    await expect(twice).rejects.toThrow(new ConfigError(`${flag} is given twice: give it once`));
  });

  it('is told from the default of its command', async () => {
    expect(await parsed('init', '--image', 'a', '--yes', '--yes')).toMatchObject({ image: 'a', yes: true });
  });
});

it('a setting whose value is a list is declared as one, and no other is', () => {
  const lists = settingNames.filter((name) => {
    const values = ['/a,/b', 'a.test,b.test', '81,82', 'start,stop'].map(
      (text) => settingsSchemas[name].safeParse(text).data,
    );
    return Array.isArray(values.find((value) => value !== undefined));
  });
  expect(settingNames.filter((name) => settingDoc(name).list)).toEqual(lists);
  expect(lists).toContain('certs');
});

it('an option of routes whose value is a list is declared as one, and no other is', () => {
  const samples = ['a.test,b.test', '10.0.0.0/8,::1', '80,81', 'h2,http/1.1'];
  const lists = optionNames.filter((name) =>
    samples.some((text) => {
      const { data } = routeOptions[name].schema.safeParse(text);
      return Array.isArray(data) && data.length === 2;
    }),
  );
  expect(optionNames.filter((name) => routeOptions[name].list)).toEqual(lists);
  expect(lists).toContain('listen');
});
