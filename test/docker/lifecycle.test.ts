import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, inject, it } from 'vitest';
import { startContainer, uniqueName, type ContainerOptions, type TestContainer } from '../support/engine/containers.ts';
import { lostWith, startLoad } from '../support/load.ts';
import { answerers, eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { hasFields, type Sealane, startSealane, upstreamIs } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';

/** A Sealane on the host with its own label prefix, so that tests never see each other's containers. */
async function setUp(): Promise<
  {
    sealane: Sealane;
    port: number;
    labels: (more?: Record<string, string>) => Record<string, string>;
  } & AsyncDisposable
> {
  const prefix = uniqueName('label');
  const port = await freePort();
  const sealane = startSealane('--label-prefix', prefix, '--bind', '127.0.0.1');
  await sealane.line({ event: 'engine-connected' });
  const labels = (more: Record<string, string> = {}): Record<string, string> => {
    const all = { listen: String(port), port: '8080', pool: 'web', ...more };
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${prefix}.${name}`, value]));
  };
  return { sealane, port, labels, [Symbol.asyncDispose]: () => sealane[Symbol.asyncDispose]() };
}

/** A container that runs a shell script, which tests control by creating and removing files. */
function startScript(script: string, options: Omit<ContainerOptions, 'image'>): Promise<TestContainer> {
  return startContainer({ image: inject('images').tools, command: ['sh', '-c', script], ...options });
}

const serve = (name: string): string =>
  `mkdir -p /tmp/www; echo ${name} > /tmp/www/index.html; httpd -f -p 8080 -h /tmp/www & `;

describe('a container without a HEALTHCHECK', () => {
  it('is starting until its port accepts connections; clients wait, and are served at that moment', async () => {
    await using t = await setUp();
    const name = uniqueName('late');
    const script = `trap 'exit 0' TERM; while [ ! -e /tmp/go ]; do sleep 0.01; done; ${serve(name)} wait`;
    await using web = await startScript(script, { name, labels: t.labels() });
    await t.sealane.line({ event: 'upstream-added', service: 'web', state: 'starting' });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const answer = whoAnswers(t.port);
    await web.exec(['touch', '/tmp/go']);
    expect(await answer).toBe(name);
    await t.sealane.line(upstreamIs(/./, 'ready'));
  });

  it('whose port never opens stays starting, with a problem after a while', async () => {
    await using t = await setUp();
    await using web = await startScript(`trap 'exit 0' TERM; sleep 600 & wait`, { labels: t.labels() });
    await t.sealane.line({ event: 'problem', code: 'never-ready', subject: web.name });
    expect(t.sealane.lines.some((line) => hasFields(line, upstreamIs(/./, 'ready')))).toBe(false);
  });

  it('that refuses connections while it runs gets no clients until it accepts them again', async () => {
    await using t = await setUp();
    const name = uniqueName('moody');
    const script =
      `trap 'exit 0' TERM; mkdir -p /tmp/www; echo ${name} > /tmp/www/index.html; ` +
      `while true; do httpd -f -p 8080 -h /tmp/www & pid=$!; ` +
      `while [ ! -e /tmp/deaf ]; do sleep 0.01; done; kill $pid; while [ -e /tmp/deaf ]; do sleep 0.01; done; done`;
    await using moody = await startScript(script, { name, labels: t.labels() });
    await using steady = await startReplica({ labels: t.labels() });
    await t.sealane.line(upstreamIs(steady.name, 'ready'));
    await t.sealane.line(upstreamIs(name, 'ready'));
    await moody.exec(['touch', '/tmp/deaf']);
    await using load = startLoad(t.port);
    await t.sealane.line({ event: 'upstream-changed', upstream: name, state: 'unhealthy', reason: /ECONNREFUSED/ });
    const from = t.sealane.lines.length;
    await moody.exec(['rm', '/tmp/deaf']);
    await t.sealane.line({ event: 'upstream-changed', upstream: name, state: 'ready' }, from);
    await load.answeredBy(name);
    expect((await load.stop()).failed - (await lostWith(t.sealane, [name]))).toBe(0);
  });
});

describe('a container with a HEALTHCHECK', () => {
  const healthcheck = {
    Healthcheck: {
      Test: ['CMD-SHELL', 'test -e /tmp/well'],
      Interval: 200_000_000,
      Timeout: 1_000_000_000,
      Retries: 1,
    },
  };

  it('is ready when Docker reports it healthy, gets no clients while unhealthy, and returns', async () => {
    await using t = await setUp();
    await using sick = await startReplica({ labels: t.labels(), create: healthcheck });
    await t.sealane.line({ event: 'upstream-added', service: 'web', state: 'starting' });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const answer = whoAnswers(t.port);
    await sick.exec(['touch', '/tmp/well']);
    await t.sealane.line(upstreamIs(/./, 'ready'));
    expect(await answer).toBe(sick.name);

    await using other = await startReplica({ labels: t.labels() });
    await t.sealane.line({ event: 'upstream-changed', upstream: other.name, state: 'ready' });
    await sick.exec(['rm', '/tmp/well']);
    await t.sealane.line({ event: 'upstream-changed', upstream: sick.name, state: 'unhealthy' });
    // The relay threads learn of it a moment after the log.
    await eventually(
      () => answerers(t.port),
      (names) => names.join() === other.name,
    );
    const from = t.sealane.lines.length;
    await sick.exec(['touch', '/tmp/well']);
    await t.sealane.line({ event: 'upstream-changed', upstream: sick.name, state: 'ready' }, from);
    expect(await answerers(t.port)).toEqual([other.name, sick.name].toSorted());
  });
});

describe('a container that is checked over HTTP', () => {
  it('gets no clients while its path answers with an error', async () => {
    await using t = await setUp();
    const health = { health: 'http:/well', 'health.interval': '100ms', 'health.fall': '2', 'health.rise': '1' };
    await using web = await startReplica({ labels: t.labels(health) });
    await t.sealane.line({ event: 'upstream-added', service: 'web', state: 'starting' });
    await web.exec(['sh', '-c', 'echo ok > /tmp/www/well']);
    await t.sealane.line(upstreamIs(/./, 'ready'));
    await web.exec(['rm', '/tmp/www/well']);
    await t.sealane.line({ event: 'upstream-changed', state: 'unhealthy', reason: /404/ });
    const from = t.sealane.lines.length;
    await web.exec(['sh', '-c', 'echo ok > /tmp/www/well']);
    await t.sealane.line(upstreamIs(/./, 'ready'), from);
    expect(await whoAnswers(t.port)).toBe(web.name);
  });
});

describe('a container that was sent its stop signal', () => {
  it('gets no new sessions, and keeps its open ones until it ends', async () => {
    await using t = await setUp();
    const name = uniqueName('slow-to-stop');
    const script = `trap 'while [ ! -e /tmp/go ]; do sleep 0.01; done; exit 0' QUIT; ${serve(name)} nc -ll -p 7 -e cat & while true; do sleep 0.01; done`;
    const echoPort = await freePort();
    await using stopping = await startScript(script, {
      name,
      labels: t.labels({ 'echo.port': '7', 'echo.listen': String(echoPort), 'echo.pool': 'echo' }),
      create: { StopSignal: 'SIGQUIT' },
    });
    await using staying = await startReplica({ labels: t.labels() });
    await t.sealane.line(upstreamIs(staying.name, 'ready'));
    await t.sealane.line(upstreamIs(name, 'ready'));
    await t.sealane.line({ event: 'route-opened', service: 'echo' });
    const session = createConnection(echoPort, '127.0.0.1');
    session.write('before');
    expect(String((await once(session, 'data'))[0])).toBe('before');

    await stopping.kill('SIGHUP').catch(() => undefined);
    await stopping.kill('SIGQUIT');
    await t.sealane.line({ event: 'upstream-changed', upstream: name, state: 'draining', reason: /SIGQUIT/ });
    expect(await answerers(t.port)).toEqual([staying.name]);
    session.write('still here');
    expect(String((await once(session, 'data'))[0])).toBe('still here');
    const closed = once(session, 'close');
    await stopping.exec(['touch', '/tmp/go']);
    await closed;
    await t.sealane.line({ event: 'upstream-removed', upstream: name });
  });

  it('loses its sessions at the end of the drain, even if it still runs', async () => {
    await using t = await setUp();
    const script = `trap '' TERM; nc -ll -p 8080 -e cat & while true; do sleep 0.01; done`;
    await using stubborn = await startScript(script, { labels: t.labels({ drain: '300ms' }) });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const session = createConnection(t.port, '127.0.0.1');
    session.write('before');
    await once(session, 'data');
    session.on('error', () => undefined);
    const closed = new Promise((resolve) => session.on('close', resolve));
    await stubborn.kill('SIGTERM');
    await closed;
    expect((await stubborn.inspect()).State.Running).toBe(true);
  });
});
