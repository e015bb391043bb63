import { describe, expect, it } from 'vitest';
import { uniqueName } from '../support/engine/containers.ts';
import { startReplica, whoAnswers } from '../support/engine/replica.ts';
import { serve, startScript } from '../support/engine/script.ts';
import { setUp, shareSealane } from '../support/engine/beside-engine.ts';
import { lostWith, startLoad } from '../support/load.ts';
import { hasFields, upstreamIs } from '../support/sealane/sealane.ts';

/** The tests share a Sealane, and each has a service of its own. Those that stop it have their own. */
const part = shareSealane();

describe('a container without a HEALTHCHECK', () => {
  it('is starting until its port accepts connections; clients wait, and are served at that moment', async () => {
    const t = await part();
    const name = uniqueName('late');
    const script = `trap 'exit 0' TERM; while [ ! -e /tmp/go ]; do sleep 0.01; done; ${serve(name)} wait`;
    await using web = await startScript(script, { name, labels: t.labelled() });
    await t.sealane.line({ event: 'upstream-added', service: t.service, state: 'starting' });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    const answer = whoAnswers(t.port);
    await web.exec(['touch', '/tmp/go']);
    expect(await answer).toBe(name);
    await t.sealane.line(upstreamIs(/./, 'ready', t.service));
  });

  it('whose port never opens stays starting, with a problem after a while', async () => {
    const t = await part();
    await using web = await startScript(`trap 'exit 0' TERM; sleep 600 & wait`, { labels: t.labelled() });
    await t.sealane.line({ event: 'problem', code: 'never-ready', subject: web.name });
    expect(t.sealane.lines.some((line) => hasFields(line, upstreamIs(/./, 'ready', t.service)))).toBe(false);
  });

  it('that refuses connections while it runs gets no clients until it accepts them again', async () => {
    await using t = await setUp();
    const name = uniqueName('moody');
    const script =
      `trap 'exit 0' TERM; mkdir -p /tmp/www; echo ${name} > /tmp/www/index.html; ` +
      `while true; do httpd -f -p 8080 -h /tmp/www & pid=$!; ` +
      `while [ ! -e /tmp/deaf ]; do sleep 0.01; done; kill $pid; while [ -e /tmp/deaf ]; do sleep 0.01; done; done`;
    await using moody = await startScript(script, { name, labels: t.labelled() });
    await using steady = await startReplica({ labels: t.labelled() });
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

describe('a container that is checked over HTTP', () => {
  it('gets no clients while its path answers with an error', async () => {
    const t = await part();
    const health = { health: 'http:/well', 'health.interval': '100ms', 'health.fall': '2', 'health.rise': '1' };
    await using web = await startReplica({ labels: t.labelled(health) });
    await t.sealane.line({ event: 'upstream-added', service: t.service, state: 'starting' });
    await web.exec(['sh', '-c', 'echo ok > /tmp/www/well']);
    await t.sealane.line(upstreamIs(/./, 'ready', t.service));
    await web.exec(['rm', '/tmp/www/well']);
    await t.sealane.line({ event: 'upstream-changed', service: t.service, state: 'unhealthy', reason: /404/ });
    const from = t.sealane.lines.length;
    await web.exec(['sh', '-c', 'echo ok > /tmp/www/well']);
    await t.sealane.line(upstreamIs(/./, 'ready', t.service), from);
    expect(await whoAnswers(t.port)).toBe(web.name);
  });
});
