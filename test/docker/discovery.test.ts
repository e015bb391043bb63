import { describe, expect, it } from 'vitest';
import { answerers, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { shareSealane } from '../support/engine/beside-engine.ts';
import { upstreamIs } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';

/** The tests share a Sealane, and each has a service of its own. */
const part = shareSealane();

describe('labels', () => {
  it('of two services that claim one port leave it to the older container, with a problem for the newer', async () => {
    const t = await part();
    await using older = await startReplica({ labels: t.labels });
    await using younger = await startReplica({ labels: { ...t.labels, [`${t.prefix}.pool`]: 'rival' } });
    const { msg } = await t.sealane.line({ event: 'problem', code: 'listen-conflict' });
    expect(msg).toContain(younger.name);
    expect(msg).toContain(older.name);
    expect(await answerers(t.port)).toEqual([older.name]);
    const from = t.sealane.lines.length;
    await older.remove();
    await t.sealane.line({ event: 'route-opened', service: 'rival' }, from);
    expect(await whoAnswers(t.port)).toBe(younger.name);
  });

  it('of an access list hold while a replica without one is in the pool, and no longer than its own container', async () => {
    const t = await part();
    const restricted = { ...t.labels, [`${t.prefix}.allow`]: '192.0.2.0/24' };
    await using older = await startReplica({ labels: restricted });
    await t.sealane.line(upstreamIs(older.name, 'ready', t.service));
    await using younger = await startReplica({ labels: t.labels });
    await t.sealane.line(upstreamIs(younger.name, 'ready', t.service));
    const { msg } = await t.sealane.line({ event: 'problem', code: 'labels-differ', subject: t.service });
    expect(msg).toContain(younger.name);
    expect([older.name, younger.name]).not.toContain(await whoAnswers(t.port));
    await t.sealane.line({ event: 'session', session: { reason: 'denied' } });
    await older.remove();
    await t.sealane.line({ event: 'upstream-removed', upstream: older.name });
    expect(await whoAnswers(t.port)).toBe(younger.name);
  });

  it('of a compose project keep its port while its container is recreated, though another project waits for it', async () => {
    const t = await part();
    const own = { ...t.labels, 'com.docker.compose.project': 'shop' };
    await using first = await startReplica({ labels: own });
    await using squatter = await startReplica({
      labels: { ...t.labels, [`${t.prefix}.pool`]: 'evil', 'com.docker.compose.project': 'evil' },
    });
    await t.sealane.line({ event: 'problem', code: 'listen-conflict', subject: 'evil' });
    await first.remove();
    await t.sealane.line({ event: 'upstream-removed', upstream: first.name });
    const answer = whoAnswers(t.port);
    await using second = await startReplica({ labels: own });
    expect(await answer).toBe(second.name);
    expect(await answerers(t.port)).not.toContain(squatter.name);
  });

  it('that are malformed are reported with the fix, and do not affect other containers', async () => {
    const t = await part();
    await using bad = await startReplica({
      labels: { [`${t.prefix}.listen`]: 'everywhere', [`${t.prefix}.wieght`]: '3' },
    });
    await using good = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'problem', code: 'label-malformed', subject: bad.name });
    const { msg } = await t.sealane.line({ event: 'problem', code: 'label-unknown', subject: bad.name });
    expect(msg).toContain(`${t.prefix}.weight`);
    await t.sealane.line({ event: 'route-opened', service: t.service });
    expect(await answerers(t.port)).toEqual([good.name]);
  });

  it('that misspell listen keep the route from being served elsewhere, with the right name in the problem', async () => {
    const t = await part();
    const elsewhere = await freePort();
    await using bad = await startReplica({
      labels: { [`${t.prefix}.lisetn`]: String(t.port), [`${t.prefix}.port`]: String(elsewhere) },
    });
    await using witness = await startReplica({ labels: { ...t.labels, [`${t.prefix}.enable`]: 'True' } });
    await t.sealane.line(upstreamIs(witness.name, 'ready', t.service));
    await t.sealane.line({ event: 'route-opened', service: t.service });
    const { msg } = await t.sealane.line({ event: 'problem', code: 'label-unknown', subject: bad.name });
    expect(msg).toContain(`did you mean "${t.prefix}.listen"?); the route is not served`);
    expect(await whoAnswers(elsewhere)).toBe('ECONNREFUSED');
    expect(await answerers(t.port)).toEqual([witness.name]);
  });

  it('that restrict a route and can’t be applied keep it from being served, and name it in the problem', async () => {
    const t = await part();
    const [limited, guarded] = [await freePort(), await freePort()];
    await using container = await startReplica({
      labels: {
        [`${t.prefix}.limited.listen`]: String(limited),
        [`${t.prefix}.limited.port`]: '8080',
        [`${t.prefix}.limited.max-connections.client`]: 'few',
        [`${t.prefix}.guarded.listen`]: String(guarded),
        [`${t.prefix}.guarded.port`]: '8080',
        [`${t.prefix}.gaurded.allow`]: '192.0.2.1',
        [`${t.prefix}.open.listen`]: String(t.port),
        [`${t.prefix}.open.port`]: '8080',
      },
    });
    const { msg } = await t.sealane.line({ event: 'problem', code: 'label-malformed', subject: container.name });
    expect(msg).toMatch(/limited\.max-connections\.client" .*; the route is not served/);
    const mistyped = await t.sealane.line({ event: 'problem', code: 'label-unknown', subject: container.name });
    expect(mistyped.msg).toMatch(/did you mean ".*\.guarded\.allow"\?\); routes gaurded, guarded are not served/);
    await t.sealane.line({ event: 'route-opened', service: `${container.name}:open` });
    expect(await answerers(t.port)).toEqual([container.name]);
    expect(await whoAnswers(limited)).toBe('ECONNREFUSED');
    expect(await whoAnswers(guarded)).toBe('ECONNREFUSED');
  });

  it('of a one-off container of compose run are ignored', async () => {
    const t = await part();
    await using web = await startReplica({ labels: t.labels });
    await using oneOff = await startReplica({ labels: { ...t.labels, 'com.docker.compose.oneoff': 'True' } });
    await using witness = await startReplica({ labels: t.labels });
    await t.sealane.line(upstreamIs(witness.name, 'ready', t.service));
    const names = await answerers(t.port);
    expect(names).toEqual([web.name, witness.name].toSorted());
    expect(names).not.toContain(oneOff.name);
  });
});
