import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useContext, writeContext } from '../support/engine/docker-config.ts';
import { html, startFakeEngine } from '../support/fake-engine/fake-engine.ts';
import { runSealane, startSealane } from '../support/sealane/sealane.ts';
import { tempFolder } from '../support/temp-folder.ts';

afterEach(() => vi.unstubAllEnvs());

/** A folder of the docker command's configuration, which Sealane reads; DOCKER_HOST is unset. */
async function dockerConfig() {
  const folder = await tempFolder();
  vi.stubEnv('DOCKER_HOST', undefined);
  vi.stubEnv('DOCKER_CONTEXT', undefined);
  vi.stubEnv('DOCKER_CONFIG', folder.path);
  return folder;
}

describe('sealane run', () => {
  it('watches the engine of the Docker context in use', async () => {
    await using folder = await dockerConfig();
    await using fake = await startFakeEngine();
    await writeContext(folder.path, { name: 'vm', host: fake.url });
    await useContext(folder.path, 'vm');
    await using sealane = startSealane('run');
    await sealane.line({ event: 'engine-connected' });
    expect(fake.openStreams).toBe(1);
    expect(await sealane.stop()).toBe(0);
  });

  it('watches an engine by the name of its Docker context, and waits for one that is not there yet', async () => {
    await using folder = await dockerConfig();
    await using fake = await startFakeEngine();
    await fake.down();
    await writeContext(folder.path, { name: 'vm', host: fake.url });
    await useContext(folder.path, 'default');
    await using sealane = startSealane('run', '--docker', 'vm');
    await sealane.line({ event: 'engine-unreachable' });
    await fake.up();
    await sealane.line({ event: 'engine-connected' });
    expect(fake.openStreams).toBe(1);
  });

  it('watches several engines, each by an address or a context, with a name or without', async () => {
    await using folder = await dockerConfig();
    await using one = await startFakeEngine();
    await using other = await startFakeEngine();
    await writeContext(folder.path, { name: 'vm', host: other.url });
    await using sealane = startSealane('run', '--docker', `one=${one.url}`, '--docker', 'vm');
    await Promise.all(['one', 'vm'].map((engine) => sealane.line({ event: 'engine-connected', engine })));
    expect([one.openStreams, other.openStreams]).toEqual([1, 1]);
  });

  it('starts with the engines that work where another one never can, and ends where none does', async () => {
    await using folder = await dockerConfig();
    await using one = await startFakeEngine();
    await using web = await startFakeEngine();
    web.answer('/_ping', html);
    await writeContext(folder.path, { name: 'vm', host: web.url });
    await using sealane = startSealane('run', '--docker', `one=${one.url},vm`);
    await Promise.all([
      sealane.line({ event: 'engine-connected', engine: 'one' }),
      sealane.line({ event: 'engine-unreachable', engine: 'vm' }),
    ]);
    one.answer('/_ping', html);
    const { code, stderr } = await runSealane(['run', '--docker', `one=${one.url},vm`]);
    expect(stderr).toMatch(/^sealane: engine one: .* is it a Docker engine.*\n.*engine vm: .*\n$/);
    expect(code).toBe(2);
  });

  it.each([
    [['--docker', 'colma'], {}, /^sealane: there is no Docker context "colma", .* \(did you mean "colima"\?\): .*\n$/],
    [[], { DOCKER_CONTEXT: 'gone' }, /^sealane: there is no Docker context "gone", which DOCKER_CONTEXT names: .*\n$/],
    [[], { DOCKER_HOST: 'nonsense' }, /^sealane: DOCKER_HOST: "nonsense" is not an engine's address: use unix:.*\n$/],
    [['--docker', 'unix:///a', '--docker', 'unix:///b'], {}, /^sealane: two engines have the name "local": give .*\n$/],
    [['--docker', 'none', '--docker', 'unix:///b'], {}, /^sealane: --docker must be engines, or none alone, .*\n$/],
    [['--docker', '/a.sock'], {}, /^sealane: --docker must be .* \(did you mean "unix:\/\/\/a.sock"\?\)\n$/],
  ])('ends with 2 and one line for what can be no engine: %j %j', async (flags, variables, message) => {
    await using folder = await dockerConfig();
    await writeContext(folder.path, { name: 'colima', host: `unix://${join(folder.path, 'a.sock')}` });
    const { code, stderr } = await runSealane(['run', ...flags], variables);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
