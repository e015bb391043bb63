import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EngineClock } from '../../../../src/docker/engine-clock.ts';
import { EngineError, type EngineGreeting } from '../../../../src/docker/engine.ts';
import { addressOf } from '../../../../src/docker/engine-url.ts';
import { FirstAnswering } from '../../../../src/docker/find/first-answering.ts';
import { nothingAnswers } from '../../../../src/docker/find/nothing-answers.ts';
import { openEngine } from '../../../../src/docker/find/open-engine.ts';
import { html, startFakeEngine } from '../../../support/fake-engine/fake-engine.ts';
import { InMemoryActions } from '../../../support/fake-engine/actions-port.ts';
import { InMemoryEngine } from '../../../support/fake-engine/port.ts';
import { InMemorySwarm } from '../../../support/fake-engine/swarm-port.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** An engine that may be at any of these URLs. */
function open(first: string, ...others: readonly string[]) {
  return openEngine({ name: undefined, addresses: [addressOf(first), ...others.map((url) => addressOf(url))] });
}

describe('an engine that may be at several addresses', () => {
  it('is the first that answers, and no later one is asked', async () => {
    await using folder = await tempFolder();
    await using second = await startFakeEngine();
    await using third = await startFakeEngine();
    const engine = open(`unix://${join(folder.path, 'a.sock')}`, second.url, third.url);
    expect(engine.endpoint).toBe('one of the usual sockets');
    const id = second.run();
    expect(await engine.list()).toMatchObject([{ id }]);
    expect(await engine.inspect(id)).toMatchObject({ id });
    expect(await engine.installation?.()).toMatchObject({ platform: 'Fake Engine' });
    expect(engine.endpoint).toBe(second.url);
    expect(third.requests).toEqual([]);
  });

  it('is looked for at each ping, and stays where it was found', async () => {
    await using first = await startFakeEngine();
    await using second = await startFakeEngine();
    await first.down();
    await second.down();
    const engine = open(first.url, second.url);
    await expect(engine.ping()).rejects.toMatchObject({ kind: 'unreachable' });
    await second.up();
    await engine.ping();
    await first.up();
    await second.down();
    await expect(engine.ping()).rejects.toThrow(second.url.slice('unix://'.length));
    await expect(engine.list()).rejects.toMatchObject({ kind: 'unreachable' });
    expect(first.requests).toEqual([]);
    await second.up();
    await expect(engine.ping()).resolves.toMatchObject({ apiVersion: '1.41' });
    expect(engine.endpoint).toBe(second.url);
  });

  it('tells the offset of its clock, which is asked for before it was found', async () => {
    await using fake = await startFakeEngine();
    fake.skewMs = 3_600_000;
    const engine = open('unix:///nowhere/docker.sock', fake.url);
    const { clock } = engine;
    await engine.ping();
    const nowMs = Date.now();
    expect(clock?.toLocalMs(nowMs + fake.skewMs, nowMs)).toBeLessThan(nowMs + 10_000);
  });

  it('gives the greeting of the one that was found, also where two pings look for it at once', async () => {
    const candidates = ['unix:///a.sock', 'unix:///b.sock'].map((url) => {
      const engine = new InMemoryEngine(url);
      const installation = () => Promise.reject(new Error('not asked'));
      const rest = {
        clock: new EngineClock(),
        swarm: new InMemorySwarm(),
        installation,
        memoryOf: () => Promise.resolve(undefined),
        actions: new InMemoryActions(),
      };
      return { address: addressOf(url), engine: Object.assign(engine, rest) };
    });
    const [a, b] = candidates.map(({ engine }) => engine);
    if (!a || !b) throw new Error('there are two');
    Object.assign(a, { apiVersion: '1.40' });
    Object.assign(b, { apiVersion: '1.41' });
    const [early, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const answers = [early.promise, Promise.reject(new EngineError('timeout', 'slow'))];
    a.before = () => answers.shift();
    b.before = () => late.promise;
    const parts = { clock: new EngineClock(), home: '/home/me', allowed: new Set<never>() };
    const engine = new FirstAnswering(candidates, parts);
    const pings: Promise<EngineGreeting>[] = [engine.ping(), engine.ping()];
    early.resolve();
    await pings[0];
    late.resolve();
    expect(engine.endpoint).toBe('unix:///a.sock');
    expect(await pings[1]).toMatchObject({ apiVersion: '1.40' });
  });

  it('is looked for no longer once that is aborted', async () => {
    await using first = await startFakeEngine();
    await using second = await startFakeEngine();
    first.answer('/_ping', { kind: 'hang' });
    const ending = new AbortController();
    const ping = open(first.url, second.url).ping(ending.signal);
    await first.requested('/_ping', 1);
    ending.abort(new Error('stopped'));
    await expect(ping).rejects.toThrow('stopped');
    expect(second.requests).toEqual([]);
  });

  it('says what was tried: first why an engine that is there can not be used, then which are not there', async () => {
    await using folder = await tempFolder();
    await using web = await startFakeEngine();
    web.answer('/_ping', html);
    const absent = join(folder.path, 'a.sock');
    const error: unknown = await open(`unix://${absent}`, web.url)
      .ping()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ kind: 'nonsense' });
    expect(String(error)).toContain(`${web.url} answers GET /_ping with`);
    expect(String(error)).toMatch(new RegExp(`; there is no socket at ${absent}$`));
  });
});

describe('the error for usual sockets of which none answers', () => {
  const home = '/home/me';
  const tried = (path: string, kind: 'unreachable' | 'permission', code: string, isHidden = false) => ({
    address: addressOf(`unix://${path}`),
    isHidden,
    error: new EngineError(kind, `${path}: ${code}`, { cause: Object.assign(new Error(code), { code }) }),
  });

  it('names all of them, with what to do, where none is there', () => {
    const error = nothingAnswers(
      [tried('/var/run/docker.sock', 'unreachable', 'ENOENT'), tried('/home/me/.colima/a', 'unreachable', 'ENOTDIR')],
      home,
    );
    expect(error.kind).toBe('unreachable');
    expect(error.message).toBe(
      'there is no engine socket at /var/run/docker.sock, ~/.colima/a: is Docker running? In a container, mount it ' +
        '(-v /var/run/docker.sock:/var/run/docker.sock); elsewhere set --docker or DOCKER_HOST',
    );
  });

  it('is one to wait through where one of them is in a folder that this user may not open', () => {
    const error = nothingAnswers(
      [
        tried('/var/run/docker.sock', 'unreachable', 'ENOENT'),
        tried('/run/podman/podman.sock', 'permission', 'EACCES', true),
      ],
      home,
    );
    expect(error.kind).toBe('unreachable');
    expect(error.message).toMatch(
      /^there is no engine socket at \/var\/run\/docker\.sock, \/run\/podman\/podman\.sock \(in a folder that this user may not open\): /,
    );
  });

  it('is one that ends the start where one of them may not be opened', () => {
    const error = nothingAnswers(
      [
        tried('/var/run/docker.sock', 'unreachable', 'ECONNREFUSED'),
        tried('/home/meme/a', 'unreachable', 'ENOENT'),
        tried('/run/podman/podman.sock', 'permission', 'EACCES'),
      ],
      home,
    );
    expect(error.kind).toBe('permission');
    expect(error.message).toBe(
      '/var/run/docker.sock: ECONNREFUSED; /run/podman/podman.sock: EACCES; there is no socket at /home/meme/a',
    );
  });
});
