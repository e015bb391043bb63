import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { startFilteringProxy } from '../support/engine/proxies/filtering.ts';
import { setUp } from '../support/engine/beside-engine.ts';
import { engineClient, startContainer } from '../support/engine/containers.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { askSealane } from '../support/sealane/ask.ts';
import { hasFields, upstreamIs } from '../support/sealane/sealane.ts';
import { starts } from '../support/sealane/starts.ts';

/**
 * Containers that sleep, on a real engine.
 */
const allowed = ['--engine-actions', 'start,stop,pause'] as const;

async function stateOf(id: string): Promise<string> {
  return (await engineClient().getContainer(id).inspect()).State.Status;
}

describe.concurrent('a container that sleeps', () => {
  it('is put to sleep when it is idle, not while a session is open, and pauses where its label says so', async () => {
    const admin = `${testedEngine().address}:${await freePort()}`;
    await using t = await setUp(...allowed, '--admin', admin);
    await using web = await startReplica({ labels: t.labelled({ sleep: '2s', 'sleep.mode': 'pause' }) });
    await t.sealane.line({ event: 'container-asleep', container: web.name });
    expect(await stateOf(web.id)).toBe('paused');
    expect(await whoAnswers(t.port)).toBe(web.name);
    const stopped = t.sealane.lines.length;
    await web.stop(1).catch(() => undefined);
    expect(await whoAnswers(t.port)).toBe(web.name);
    await t.sealane.line({ event: 'container-woken', container: web.name }, stopped);

    // An operator does both by hand; the page and the commands use these.
    const from = t.sealane.lines.length;
    const command = (what: string) => askSealane([what, 'web', '--admin', admin]);
    expect(await command('sleep')).toMatchObject({ code: 0, stdout: `${web.name} of web is being put to sleep\n` });
    await t.sealane.line({ event: 'container-asleep', container: web.name }, from);
    expect(await command('wake')).toMatchObject({ code: 0, stdout: `${web.name} of web is being started\n` });
    await t.sealane.line({ event: 'container-woken', container: web.name }, from);
  });

  it('that can not be started tells its clients why, and is not started in a loop', async () => {
    await using t = await setUp(...allowed);
    const script = 'test -e /ran && exit 3; touch /ran; mkdir /www; httpd -f -p 8080 -h /www';
    const { tools: image } = inject('images');
    const labels = t.labelled({ sleep: '1h' });
    await using web = await startContainer({ image, command: ['sh', '-c', script], labels });
    await t.sealane.line(upstreamIs(web.name, 'ready', 'web'));
    await web.kill();
    const from = t.sealane.lines.length;
    const page = await fetch(`http://${t.host}:${t.port}/`).then(async (answer) => [
      answer.status,
      await answer.text(),
    ]);
    expect(page[0]).toBe(503);
    expect(page[1]).toMatch(/wake-failed/);
    for (let round = 0; round < 20; round += 1) await whoAnswers(t.port);
    expect(starts(t.sealane, from).length).toBeLessThan(3);
  });

  it('whose published port is taken meanwhile tells its clients so, and is started once it is free again', async () => {
    const admin = `${testedEngine().address}:${await freePort()}`;
    await using t = await setUp(...allowed, '--admin', admin);
    const taken = await freePort();
    const host = { PortBindings: { '7/tcp': [{ HostIp: '127.0.0.1', HostPort: String(taken) }] } };
    const create = { ExposedPorts: { '7/tcp': {}, '8080/tcp': {} } };
    await using web = await startReplica({ labels: t.labelled({ sleep: '1h' }), create, host });
    await t.sealane.line(upstreamIs(web.name, 'ready', 'web'));
    await web.stop(1);
    {
      await using other = await startReplica({ create, host });
      expect(await stateOf(other.id)).toBe('running');
      const page = await fetch(`http://${t.host}:${t.port}/`);
      expect(page.status).toBe(503);
      expect(await page.text()).toMatch(/port is already allocated|address already in use/);
    }
    expect(await askSealane(['wake', 'web', '--admin', admin])).toMatchObject({ code: 0 });
    expect(await whoAnswers(t.port)).toBe(web.name);
  });

  it('is kept awake by a quiet session on any of its ports, and not by health checks, a dashboard or scrapes', async () => {
    const admin = `${testedEngine().address}:${await freePort()}`;
    await using t = await setUp(...allowed, '--admin', admin);
    const echo = await freePort();
    const more = { 'echo.listen': String(echo), 'echo.port': '7', 'echo.pool': 'echo' };
    const checks = {
      health: 'http:/',
      'health.interval': '100ms',
      'echo.health': 'tcp',
      'echo.health.interval': '100ms',
    };
    await using web = await startReplica({ labels: t.labelled({ sleep: '1500ms', ...more, ...checks }) });
    await t.sealane.line(upstreamIs(web.name, 'ready', 'echo'));
    await t.sealane.line({ event: 'route-opened', service: 'echo' });
    await using held = await hold(echo, t.host);
    // A subscriber of the event stream, as the dashboard is one.
    const watching = new AbortController();
    const events = await fetch(`http://${admin}/api/events`, { signal: watching.signal });
    const from = t.sealane.lines.length;
    const look = async (): Promise<boolean> => {
      // Twenty times as often as the idle time passes.
      await pause(75);
      for (const path of ['/', '/api/services', '/metrics'])
        await (await fetch(`http://${admin}${path}`)).arrayBuffer();
      return t.sealane.lines.slice(from).some((line) => hasFields(line, { event: 'container-asleep' }));
    };
    const until = performance.now() + 3_000;
    while (performance.now() < until) expect(await look(), 'a session is open').toBe(false);
    held.end();
    await eventually(look, (isAsleep) => isAsleep);
    const asleepMs = performance.now();
    while (performance.now() < asleepMs + 1_000) await look();
    expect(await stateOf(web.id)).toBe('exited');
    expect(starts(t.sealane, from)).toEqual([]);
    watching.abort();
    await events.body?.cancel().catch(() => undefined);
    await using woken = await hold(echo, t.host);
    expect(woken.isOpen).toBe(true);
    expect(starts(t.sealane, from)).toEqual([web.id]);
  });
});

/** A session on the echo port that has said one word, and is quiet from then on. */
async function hold(port: number, host: string): Promise<AsyncDisposable & { readonly isOpen: boolean; end(): void }> {
  const socket = createConnection(port, host);
  socket.write('here');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return {
    isOpen: String(answer) === 'here',
    end: () => void socket.destroy(),
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}

it('without --engine-actions not one changing call reaches the engine, and a label that needs them is a problem', async () => {
  const reading = ['GET /_ping', 'HEAD /_ping', 'GET /events', 'GET /containers/json', 'GET /containers/{id}/json'];
  const others = ['GET /info', 'GET /version', 'GET /networks/{id}'];
  await using proxy = await startFilteringProxy(testedEngine().host, { allow: [...reading, ...others] });
  await using t = await setUp('--docker', proxy.url);
  await using web = await startReplica({ labels: t.labelled({ sleep: '1s', hold: '1s' }) });
  const problem = await t.sealane.line({ event: 'problem', code: 'action-not-allowed' });
  expect(problem.msg).toContain('--engine-actions start,stop');
  await t.sealane.line({ event: 'route-opened', service: 'web' });
  expect(await whoAnswers(t.port)).toBe(web.name);
  await web.stop(1);
  await eventually(
    () => whoAnswers(t.port),
    (answer) => answer !== web.name,
    20_000,
  );
  expect([...proxy.refused]).toEqual([]);
});
