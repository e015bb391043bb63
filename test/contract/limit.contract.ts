import { expect, test } from 'vitest';
import type { Driver } from '../../src/relay/driver/driver.ts';
import { createBlackhole } from '../support/sockets/blackhole.ts';
import { dispatcherRig, publishAndBind, until } from '../support/sockets/rig.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serve, serveEcho } from '../support/sockets/sockets.ts';
import { cancelRequest } from './cancels.contract.ts';

/**
 * The behaviour of a driver at its limit of sessions; `create` makes a driver that may have two. Further clients are
 * reset, or wait until there is room: Node accepts every client.
 */
export function describeLimit(
  name: string,
  beyond: 'are reset' | 'wait',
  create: () => { readonly driver: Driver; readonly stop: () => void },
): void {
  test(`${name}: clients beyond the limit of open files ${beyond}, which is reported; others are served on`, async () => {
    const { driver, stop } = create();
    await using rig = dispatcherRig(() => driver, stop);
    await using server = await serveEcho();
    const port = await publishAndBind(rig, table([pool([upstream('a', { port: server.port })])]));
    await using first = await dial(port);
    await using second = await dial(port);
    await Promise.all([first.echo('1'), second.echo('2')]);
    await using third = await dial(port);

    if (beyond === 'are reset') expect(await third.closed).toBe('reset');
    await until(() => rig.warnings.all.length > 0);
    expect(rig.warnings.all).toEqual(['EMFILE']);
    expect(await first.echo('on')).toBe('on');
    expect(rig.totals().accepted).toBe(2);
    first.socket.end();
    await first.closed;
    await using fourth = beyond === 'wait' ? third : await dial(port);
    expect(await fourth.echo('4')).toBe('4');
    expect(rig.totals().accepted).toBe(3);
    expect(rig.warnings.all).toEqual(['EMFILE']);
  });

  test(`${name}: no client is held when there would be no socket for its dial`, async () => {
    const { driver, stop } = create();
    await using rig = dispatcherRig(() => driver, stop);
    await using server = await serveEcho();
    const port = await publishAndBind(rig, table([pool([])]));
    await using first = await dial(port);
    await using second = await dial(port);
    await until(() => rig.totals().held === 2);
    await using third = await dial(port);
    await until(() => rig.warnings.all.length > 0);
    expect(rig.totals().held).toBe(2);
    rig.publish(table([pool([upstream('a', { port: server.port })])]));

    expect(await Promise.all([first.echo('hello'), second.echo('hello')])).toEqual(['hello', 'hello']);
    if (beyond === 'wait') {
      first.socket.end();
      expect(await third.echo('hello')).toBe('hello');
    }
    expect(rig.suspects.all).toEqual([]);
    expect(rig.warnings.all).toEqual(['EMFILE']);
  });

  test(`${name}: no second dial is begun beside a slow one where there is no room for it, and the first goes on`, async () => {
    const { driver, stop } = create();
    await using rig = dispatcherRig(() => driver, stop);
    await using silent = await createBlackhole();
    await using server = await serveEcho();
    const live = upstream('live', { port: server.port });
    const options = { balance: 'first', connectTimeoutMs: 400 } as const;
    const port = await publishAndBind(rig, table([pool([live], options)]));
    await using other = await dial(port);
    await other.echo('1');
    rig.publish(table([pool([upstream('a', { port: silent.port }), live], options)]));
    await using client = await dial(port);

    expect(await client.echo('hello')).toBe('hello');
    expect(rig.suspects.all).toEqual([{ key: 'a', error: `ETIMEDOUT 127.0.0.1:${silent.port}` }]);
    expect(rig.warnings.all).toEqual([]);
    expect(await other.echo('on')).toBe('on');
  });

  test(`${name}: the room of second dials is free again once one of the two was answered`, async () => {
    const { driver, stop } = create();
    await using rig = dispatcherRig(() => driver, stop);
    await using silent = await createBlackhole();
    await using server = await serveEcho();
    const slowFirst = [upstream('a', { port: silent.port }), upstream('live', { port: server.port })];
    const port = await publishAndBind(rig, table([pool(slowFirst, { balance: 'first', connectTimeoutMs: 60_000 })]));
    for (let nth = 1; nth <= 2; nth++) {
      await using client = await dial(port);
      expect(await client.echo('hello')).toBe('hello');
      client.socket.end();
      await client.closed;
      await until(() => rig.records.all.length === nth);
    }
    rig.publish(table([pool(slowFirst.slice(1))]));
    await using first = await dial(port);
    await using second = await dial(port);

    expect(await Promise.all([first.echo('1'), second.echo('2')])).toEqual(['1', '2']);
    expect(rig.warnings.all).toEqual([]);
  });

  test(`${name}: a request to cancel a query reaches one upstream after the other where there is room for one`, async () => {
    const { driver, stop } = create();
    await using rig = dispatcherRig(() => driver, stop);
    await using a = await serve();
    await using b = await serve();
    const upstreams = [upstream('a', { port: a.port }), upstream('b', { port: b.port })];
    const shared = { ...listener('none', 0, 'shared'), service: 's', postgres: true, sniffTimeoutMs: 60_000 };
    const port = await publishAndBind(rig, table([pool(upstreams, { service: 's' })], [shared]));
    await using silent = await dial(port);
    await using client = await dial(port);
    client.socket.write(cancelRequest);
    for (const server of [a, b]) {
      expect(b.peers).toHaveLength(0);
      const peer = await server.accept();
      expect(await peer.read(cancelRequest.length)).toBe(cancelRequest.toString('latin1'));
      peer.socket.end();
    }

    expect(await client.readToEnd()).toBe('');
    expect(silent.socket.readableEnded).toBe(false);
    expect(await rig.records.find(() => true)).toMatchObject({ detail: expect.stringContaining('2 of 2') as string });
    expect(rig.warnings.all).toEqual([]);
  });
}
