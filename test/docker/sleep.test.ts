import { describe, expect, inject, it } from 'vitest';
import { startFilteringProxy } from '../support/engine/proxies/filtering.ts';
import { setUp, startBesideEngine } from '../support/engine/beside-engine.ts';
import { composeProject } from '../support/engine/compose.ts';
import { engineClient, startContainer } from '../support/engine/containers.ts';
import { get } from '../support/engine/curl.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { hasFields, runSealane, upstreamIs, type Sealane } from '../support/sealane/sealane.ts';

/**
 * Containers that sleep, on a real engine.
 */
const allowed = ['--engine-actions', 'start,stop,pause'] as const;

async function stateOf(id: string): Promise<string> {
  return (await engineClient().getContainer(id).inspect()).State.Status;
}

/** The calls that the engine was asked for, in order, by the beginnings of the containers' ids. */
function starts({ lines }: Sealane, from: number): string[] {
  return lines
    .slice(from)
    .filter((line) => hasFields(line, { event: 'engine-action', action: 'start' }))
    .map(({ containerId }) => String(containerId));
}

describe('a compose project of a web server, an API and a database', () => {
  it('is woken in order by one client, survives what people do to it, and ends with its removal', async () => {
    await using t = await setUp(...allowed);
    const variables = { TOOLS_IMAGE: inject('images').tools, PREFIX: t.prefix, LISTEN: String(t.port) };
    await using project = composeProject('test/support/engine/sleeping-shop', variables);
    await project.compose('up', '-d');
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const ids = await Promise.all(['db', 'api', 'web'].map((service) => project.container(service)));
    const [db = '', api = '', web = ''] = ids;

    // All are stopped by hand, and their port stays open.
    await project.compose('stop');
    let from = t.sealane.lines.length;
    expect(await get(t.port)).not.toBe('');
    const woken = await t.sealane.line({ event: 'container-woken', service: 'web' }, from);
    expect(woken.msg).toMatch(/was woken by 127\.0\.0\.1:\d+ for web, ready after \d+ ms$/);
    expect(starts(t.sealane, from)).toEqual([db, api, web]);

    // Two hundred clients at once make one start.
    await project.compose('stop', 'web');
    from = t.sealane.lines.length;
    const answers = await Promise.all(Array.from({ length: 200 }, () => whoAnswers(t.port)));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^[0-9a-f]{12}$/);
    expect(starts(t.sealane, from).filter((id) => id === web)).toEqual([web]);

    // Another Sealane finds it asleep.
    await project.compose('stop');
    await t.sealane.stop();
    {
      await using second = startBesideEngine('--label-prefix', t.prefix, '--bind', t.host, ...allowed);
      await second.line({ event: 'route-opened', service: 'web' });
      expect(await get(t.port)).not.toBe('');
      expect(starts(second, 0)).toEqual([db, api, web]);

      // Recreated while clients wait: the container that is replaced is not started in between.
      from = second.lines.length;
      const before = await get(t.port);
      await project.compose('up', '-d', '--force-recreate', 'web');
      expect(await get(t.port)).not.toBe(before);
      expect(starts(second, from)).toEqual([]);

      // Its removal is the end of it: the port closes as that of any other service.
      await project.compose('down');
      await second.line({ event: 'service-lingers', service: 'web' }, from);
    }
  });
});

describe('a container that sleeps', () => {
  it('is put to sleep when it is idle, not while a session is open, and pauses where its label says so', async () => {
    const admin = `${testedEngine().address}:${await freePort()}`;
    await using t = await setUp(...allowed, '--admin', admin);
    await using web = await startReplica({ labels: t.labelled({ sleep: '2s', 'sleep.mode': 'pause' }) });
    await t.sealane.line({ event: 'container-asleep', container: web.name });
    expect(await stateOf(web.id)).toBe('paused');
    const beganMs = performance.now();
    expect(await whoAnswers(t.port)).toBe(web.name);
    expect(performance.now() - beganMs).toBeLessThan(1_500);
    const stopped = t.sealane.lines.length;
    await web.stop(1).catch(() => undefined);
    expect(await whoAnswers(t.port)).toBe(web.name);
    await t.sealane.line({ event: 'container-woken', container: web.name }, stopped);

    // An operator does both by hand; the page and the commands use these.
    const from = t.sealane.lines.length;
    const command = (what: string) => runSealane([what, 'web', '--admin', admin]);
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
});

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
