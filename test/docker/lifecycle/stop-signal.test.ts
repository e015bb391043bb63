import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../../support/engine/containers.ts';
import { answerers, startReplica } from '../../support/engine/replica.ts';
import { serve, startScript } from '../../support/engine/script.ts';
import { shareSealane, type Part } from '../../support/engine/beside-engine.ts';
import { engineDifferences } from '../../support/engine/tested-engine.ts';
import { hasFields, upstreamIs } from '../../support/sealane/sealane.ts';
import { freePort } from '../../support/sockets/free-port.ts';

/** The tests share a Sealane, and each has a service of its own. */
const part = shareSealane();

describe('a container that was sent its stop signal', () => {
  it('gets no new sessions, and keeps its open ones until it ends', async () => {
    const t = await part();
    const name = uniqueName('slow-to-stop');
    const script = `trap 'while [ ! -e /tmp/go ]; do sleep 0.01; done; exit 0' QUIT; ${serve(name)} nc -ll -p 7 -e cat & while true; do sleep 0.01; done`;
    const echoPort = await freePort();
    await using stopping = await startScript(script, {
      name,
      labels: t.labelled({ 'echo.port': '7', 'echo.listen': String(echoPort), 'echo.pool': 'echo' }),
      create: { StopSignal: 'SIGQUIT' },
    });
    await using staying = await startReplica({ labels: t.labelled() });
    await t.sealane.line(upstreamIs(staying.name, 'ready'));
    await t.sealane.line(upstreamIs(name, 'ready'));
    await t.sealane.line({ event: 'route-opened', service: 'echo' });
    const session = createConnection(echoPort, t.host);
    session.write('before');
    expect(String((await once(session, 'data'))[0])).toBe('before');

    await stopping.kill('SIGHUP').catch(() => undefined);
    await stopping.kill('SIGQUIT');
    // Events come in order: once the witness serves, Sealane has also heard of the signals.
    await using witness = await startReplica({ labels: t.labelled() });
    await t.sealane.line(upstreamIs(witness.name, 'ready'));
    const left = engineDifferences().tellsOfSignals ? [] : [name];
    expect(await answerers(t.port)).toEqual([staying.name, witness.name, ...left].toSorted());
    const drains = t.sealane.lines.filter((line) => hasFields(line, upstreamIs(name, 'draining', t.service)));
    expect(drains.map(({ reason }) => reason)).toEqual(left.length > 0 ? [] : [expect.stringContaining('SIGQUIT')]);
    session.write('still here');
    expect(String((await once(session, 'data'))[0])).toBe('still here');
    const closed = once(session, 'close');
    await stopping.exec(['touch', '/tmp/go']);
    await closed;
    await t.sealane.line({ event: 'upstream-removed', upstream: name });
  });

  it('loses its sessions at the end of the drain, even if it still runs, where the engine tells of the signal', async () => {
    const t = await part();
    const script = `trap '' TERM; nc -ll -p 8080 -e cat & while true; do sleep 0.01; done`;
    await using stubborn = await startScript(script, { labels: t.labelled({ drain: '300ms' }) });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    const session = createConnection(t.port, t.host);
    session.write('before');
    await once(session, 'data');
    session.on('error', () => undefined);
    const closed = new Promise((resolve) => session.on('close', resolve));
    await stubborn.kill('SIGTERM');
    if (engineDifferences().tellsOfSignals) await closed;
    else await expectEchoAfterEvents(session, t);
    expect((await stubborn.inspect()).State.Running).toBe(true);
  });
});

/** Whether the session goes on once Sealane has heard of all that the engine has to tell. */
async function expectEchoAfterEvents(session: Socket, t: Part): Promise<void> {
  await using witness = await startReplica({ labels: t.labelled({ port: '8081' }) });
  await t.sealane.line({ event: 'upstream-added', upstream: witness.name });
  session.write('after');
  expect(String((await once(session, 'data'))[0])).toBe('after');
}
