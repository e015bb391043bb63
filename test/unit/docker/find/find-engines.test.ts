import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/config/config-error.ts';
import { enginesSchema } from '../../../../src/config/engine-choice.ts';
import { findEngines } from '../../../../src/docker/find/find-engines.ts';
import { useContext, writeContext } from '../../../support/engine/docker-config.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** A machine with a home folder of its own, which has the contexts `colima`, `far` and `other`. */
async function machine(environment: Readonly<Record<string, string>> = {}) {
  const folder = await tempFolder();
  const config = join(folder.path, '.docker');
  await writeContext(config, { name: 'colima', host: 'unix:///vm/docker.sock' });
  await writeContext(config, { name: 'far', host: 'ssh://me@far.test:2222' });
  await writeContext(config, { name: 'other', host: 'tcp://10.0.0.1:2375' });
  const urlsOf = async (setting?: string) => {
    const choices = setting === undefined ? undefined : enginesSchema.parse(setting);
    const found = await findEngines(choices, { environment, home: folder.path, platform: 'linux' });
    return found.map(({ name, addresses }) => ({ name, urls: addresses.map(({ url }) => url), addresses }));
  };
  return { home: folder.path, config, urlsOf, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe('without the setting docker, the engine is', () => {
  it('that of DOCKER_HOST, which the docker command prefers to every context', async () => {
    await using here = await machine({ DOCKER_HOST: 'tcp://1.2.3.4:2375', DOCKER_CONTEXT: 'colima' });
    await useContext(here.config, 'far');
    expect(await here.urlsOf()).toMatchObject([{ name: undefined, urls: ['tcp://1.2.3.4:2375'] }]);
  });

  it('none where DOCKER_HOST has several, and the answer says how to give them', async () => {
    await using here = await machine({ DOCKER_HOST: 'unix:///a.sock,tcp://1.2.3.4:2375' });
    await expect(here.urlsOf()).rejects.toThrow('give --docker a=…,b=…');
    await using odd = await machine({ DOCKER_HOST: 'unix:///a,b.sock' });
    expect(await odd.urlsOf()).toMatchObject([{ urls: ['unix:///a,b.sock'] }]);
  });

  it('else that of DOCKER_CONTEXT', async () => {
    await using here = await machine({ DOCKER_HOST: '', DOCKER_CONTEXT: 'far' });
    await useContext(here.config, 'colima');
    expect(await here.urlsOf()).toMatchObject([{ name: undefined, urls: ['ssh://me@far.test:2222'] }]);
  });

  it('else that of the context which is in use', async () => {
    await using here = await machine({ DOCKER_CONTEXT: '' });
    await useContext(here.config, 'colima');
    expect(await here.urlsOf()).toMatchObject([{ name: undefined, urls: ['unix:///vm/docker.sock'] }]);
  });

  it('read from the folder of DOCKER_CONFIG, where that is set', async () => {
    await using other = await tempFolder();
    await writeContext(other.path, { name: 'remote', host: 'tcp://1.2.3.4:2375' });
    await useContext(other.path, 'remote');
    await using here = await machine({ DOCKER_CONFIG: other.path });
    expect(await here.urlsOf()).toMatchObject([{ urls: ['tcp://1.2.3.4:2375'] }]);
  });

  it('else at one of the usual sockets', async () => {
    await using here = await machine();
    const [found] = await here.urlsOf();
    expect(found?.urls.slice(0, 2)).toEqual([
      'unix:///var/run/docker.sock',
      `unix://${here.home}/.docker/run/docker.sock`,
    ]);
  });

  it('on Windows at the pipe of Docker Desktop', async () => {
    await using folder = await tempFolder();
    const [found] = await findEngines(undefined, { environment: {}, home: folder.path, platform: 'win32' });
    expect(found?.addresses.map(({ url }) => url)).toEqual(['npipe:////./pipe/docker_engine']);
  });

  it('at the default socket alone where the context "default" is asked for', async () => {
    await using here = await machine({ DOCKER_CONTEXT: 'default' });
    await useContext(here.config, 'colima');
    expect(await here.urlsOf()).toMatchObject([{ urls: ['unix:///var/run/docker.sock'] }]);
    expect(await here.urlsOf('default')).toMatchObject([{ urls: ['unix:///var/run/docker.sock'] }]);
  });
});

describe('the setting docker', () => {
  it('names several engines by what was given, their contexts, their hosts, or as local', async () => {
    await using here = await machine();
    expect(await here.urlsOf('unix:///a.sock colima ssh://me@x.test:22 b=tcp://10.0.0.9:2375 mine=far')).toMatchObject([
      { name: 'local', urls: ['unix:///a.sock'] },
      { name: 'colima', urls: ['unix:///vm/docker.sock'] },
      { name: 'x.test', urls: ['ssh://me@x.test:22'] },
      { name: 'b', urls: ['tcp://10.0.0.9:2375'] },
      { name: 'mine', urls: ['ssh://me@far.test:2222'] },
    ]);
  });

  it('gives an engine alone the name that is written, or none', async () => {
    await using here = await machine();
    expect(await here.urlsOf('colima')).toMatchObject([{ name: undefined }]);
    expect(await here.urlsOf('a=colima')).toMatchObject([{ name: 'a' }]);
    expect(await here.urlsOf('none')).toEqual([]);
  });

  it.each([
    [
      'unix:///a.sock,unix:///b.sock',
      'two engines have the name "local": give --docker a=unix:///a.sock,b=unix:///b.sock',
    ],
    ['x=colima,X=far', 'two engines have the name "X": give --docker a=colima,b=far'],
    ['tcp://[fd00::5]:2375,colima', '"fd00::5" can\'t be the name of an engine: give --docker a=tcp://[fd00::5]:2375'],
  ])('is refused where a name is missing, with what to write: %s', async (setting, message) => {
    await using here = await machine();
    await expect(here.urlsOf(setting)).rejects.toThrow(new ConfigError(message));
  });
});

describe('what can be wrong with a context', () => {
  it('is that it does not exist: the answer names those that do', async () => {
    await using here = await machine({ DOCKER_CONTEXT: 'no-such-one' });
    await expect(here.urlsOf('colma')).rejects.toThrow(
      new ConfigError(
        `there is no Docker context "colma", which the setting docker names (did you mean "colima"?): ` +
          `${here.config} has default, colima, far, other`,
      ),
    );
    await expect(here.urlsOf('unix:///run/a,b.sock')).rejects.toThrow(
      `${here.config} has default, colima, far, other; a socket with a comma or a space in its path is given by DOCKER_HOST`,
    );
    await expect(here.urlsOf('nome')).rejects.toThrow('(did you mean "none"?)');
    await expect(here.urlsOf()).rejects.toThrow(
      'there is no Docker context "no-such-one", which DOCKER_CONTEXT names:',
    );
    await using empty = await tempFolder();
    await useContext(empty.path, '../../etc\u001b[2J');
    const given = { environment: { DOCKER_CONFIG: empty.path }, home: '/nowhere', platform: 'linux' } as const;
    await expect(findEngines(undefined, given)).rejects.toThrow(
      `there is no Docker context "../../etc\\u{1b}[2J", which ${empty.path}/config.json names: ${empty.path} has default`,
    );
  });

  it.each([
    ['no JSON', '{"Name": ', 'is no JSON object'],
    ['JSON of another kind', '[]', 'is no JSON object'],
    ['null', 'null', 'is no JSON object'],
    ['a number for an address', '{"Name":"bad","Endpoints":{"docker":{"Host":7}}}', 'another Endpoints.docker.Host'],
    ['no name', '{"Endpoints":{"docker":{"Host":"unix:///a"}}}', 'another Name'],
  ])('is that its file is %s', async (_, text, message) => {
    await using here = await machine();
    const { metaPath } = await writeContext(here.config, { name: 'bad', host: '' });
    await writeFile(metaPath, text);
    const finding = here.urlsOf('bad');
    await expect(finding).rejects.toThrow(ConfigError);
    await expect(finding).rejects.toThrow(message);
    await expect(finding).rejects.toThrow('create the Docker context "bad" anew');
    // It spoils no other.
    expect(await here.urlsOf('far')).toHaveLength(1);
    await expect(here.urlsOf('nowhere')).rejects.toThrow(/ has default, colima, far, other$/);
  });

  it('is that its file is none, or has no end: it is not read', async () => {
    await using here = await machine();
    const { metaPath } = await writeContext(here.config, { name: 'bad', host: '' });
    for (const [target, why] of [
      ['/dev/zero', 'is no file'],
      [here.home, 'is no file'],
      [metaPath, "can't be read (ELOOP)"],
    ] as const) {
      await rm(metaPath);
      await symlink(target, metaPath);
      await expect(here.urlsOf('bad')).rejects.toThrow(`meta.json ${why}: create the Docker context "bad" anew`);
    }
    await rm(metaPath);
    await writeFile(metaPath, '');
    await truncate(metaPath, 2 ** 32);
    await expect(here.urlsOf('bad')).rejects.toThrow('meta.json is too large (4.3 GB)');
    await expect(here.urlsOf('nowhere')).rejects.toThrow(/ has default, colima, far, other$/);
  });

  it('is that its address is none', async () => {
    await using here = await machine({ DOCKER_CONTEXT: 'bad' });
    await writeContext(here.config, { name: 'bad', host: 'ftp://x\u001b[2J' });
    await expect(here.urlsOf()).rejects.toThrow(
      /^the Docker context "bad": ".*" is not an engine's address: use unix:/,
    );
    await expect(here.urlsOf()).rejects.not.toThrow('\u001b');
  });

  it.each(['{', '[]', '{"currentContext":5}'])('is that config.json is %s', async (text) => {
    await using here = await machine();
    await writeFile(join(here.config, 'config.json'), text);
    await expect(here.urlsOf()).rejects.toThrow(`${here.config}/config.json `);
    await expect(here.urlsOf()).rejects.toThrow('correct it, or name the engine with --docker or DOCKER_HOST');
    // Nothing of it is needed where the engine is named.
    expect(await here.urlsOf('unix:///a.sock')).toHaveLength(1);
  });

  it('is no address at all, for which the docker command takes its default', async () => {
    await using here = await machine();
    await writeContext(here.config, { name: 'bare', host: undefined });
    await writeContext(here.config, { name: 'empty', host: '' });
    expect(await here.urlsOf('bare empty')).toMatchObject([
      { urls: ['unix:///var/run/docker.sock'] },
      { urls: ['unix:///var/run/docker.sock'] },
    ]);
  });
});

describe('TLS with an engine', () => {
  it('is that of its context, whatever the variables of the docker command say', async () => {
    await using here = await machine({ DOCKER_CERT_PATH: '/elsewhere', DOCKER_TLS_VERIFY: '1' });
    await writeContext(here.config, { name: 'tls', host: 'tcp://t.test:7000', tls: { 'ca.pem': 'x' } });
    await writeContext(here.config, { name: 'plain', host: 'tcp://t.test:7000' });
    const [tls, plain] = await here.urlsOf('tls plain');
    const namedBy = 'the folder of the Docker context "tls"';
    const folder = expect.stringMatching(`^${here.config}/contexts/tls/[0-9a-f]{64}/docker$`) as string;
    expect(tls?.addresses[0].target).toMatchObject({ tls: { isVerified: true, folder, namedBy } });
    expect(plain?.addresses[0].target).toMatchObject({ kind: 'tcp', tls: undefined });
  });

  it('is not verified where the context says so, and only there', async () => {
    await using here = await machine({ DOCKER_TLS_VERIFY: '1' });
    await writeContext(here.config, { name: 'lax', host: 'tcp://t.test:7000', skipVerify: true });
    const [lax, named] = await here.urlsOf('lax tcp://u.test:7000');
    expect(lax?.addresses[0].target).toMatchObject({ tls: { isVerified: false } });
    expect(named?.addresses[0].target).toMatchObject({ tls: { isVerified: true } });
  });

  it('is never left out because its files can not be read', async () => {
    await using here = await machine();
    const { tlsFolder } = await writeContext(here.config, { name: 'tls', host: 'tcp://t.test:7000' });
    await mkdir(dirname(tlsFolder), { recursive: true });
    await writeFile(tlsFolder, 'a file where the folder should be');
    await expect(here.urlsOf('tls')).rejects.toThrow(`${tlsFolder} can't be read (ENOTDIR)`);
  });
});
