import { expect, test } from 'vitest';
import type { Driver } from '../../src/relay/driver/driver.ts';
import { dispatcherRig, publishAndBind, until } from '../support/sockets/rig.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serveEcho } from '../support/sockets/sockets.ts';

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

  test(`${name}: no client is held for whom there would be no dial`, async () => {
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
}
