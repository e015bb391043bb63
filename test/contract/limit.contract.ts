import { expect, test } from 'vitest';
import type { Driver } from '../../src/relay/driver/driver.ts';
import { dispatcherRig, publishAndBind, until } from '../support/sockets/rig.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serveEcho } from '../support/sockets/sockets.ts';

/**
 * The behaviour of a driver at its limit of sessions; `create` makes a driver that may have two.
 */
export function describeLimit(
  name: string,
  create: () => { readonly driver: Driver; readonly stop: () => void },
): void {
  test(`${name}: clients beyond the limit of open files are reset, which is reported; others are served on`, async () => {
    const { driver, stop } = create();
    await using rig = dispatcherRig(() => driver, stop);
    await using server = await serveEcho();
    const port = await publishAndBind(rig, table([pool([upstream('a', { port: server.port })])]));
    await using first = await dial(port);
    await using second = await dial(port);
    await Promise.all([first.echo('1'), second.echo('2')]);
    await using third = await dial(port);

    expect(await third.closed).toBe('reset');
    expect(rig.warnings.all).toEqual(['EMFILE']);
    expect(await first.echo('on')).toBe('on');
    first.socket.end();
    await first.closed;
    await using fourth = await dial(port);
    expect(await fourth.echo('4')).toBe('4');
    expect(rig.totals().accepted).toBe(3);
  });

  test(`${name}: held clients that are too many to be served at once are served in turn`, async () => {
    const { driver, stop } = create();
    await using rig = dispatcherRig(() => driver, stop);
    await using server = await serveEcho();
    const port = await publishAndBind(rig, table([pool([])]));
    await using first = await dial(port);
    await using second = await dial(port);
    await until(() => rig.totals().held === 2);
    await using third = await dial(port);
    await until(() => rig.totals().held === 3);
    rig.publish(table([pool([upstream('a', { port: server.port })])]));

    for (const client of [first, second, third]) {
      expect(await client.echo('hello')).toBe('hello');
      client.socket.end();
      expect(await client.closed).toBe('ended');
    }
    expect(rig.suspects.all).toEqual([]);
    expect(new Set(rig.warnings.all)).toEqual(new Set(['EMFILE']));
  });
}
