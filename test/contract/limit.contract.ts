import { expect, test } from 'vitest';
import { createAccessMemory, openAccess } from '../../src/relay/access/gate.ts';
import { Counters, CounterWriter, createCounterMemory } from '../../src/relay/counters.ts';
import { Dispatcher } from '../../src/relay/dispatcher.ts';
import type { Driver } from '../../src/relay/driver.ts';
import type { ListenerStatus } from '../../src/relay/report.ts';
import { Feed } from '../support/sockets-feed.ts';
import { pool, table, upstream } from '../support/sockets-tables.ts';
import { dial, serveEcho } from '../support/sockets.ts';

/**
 * What a driver does when it has as many sessions as it may; `create` makes one that may have two.
 */
export function describeLimit(
  name: string,
  create: () => { readonly driver: Driver; readonly stop: () => void },
): void {
  test(`${name}: clients beyond the limit of open files are reset and it is said so; others are served on`, async () => {
    const { driver, stop } = create();
    await using server = await serveEcho();
    const memory = createCounterMemory(1, 4);
    const statuses = new Feed<ListenerStatus>();
    const troubles = new Feed<string>();
    const dispatcher = new Dispatcher(
      {
        driver,
        random: Math.random,
        counters: new CounterWriter(memory, 0),
        onRecord: () => {},
        onListener: (_, status) => statuses.push(status),
        onSuspect: () => {},
        onTrouble: ({ code }) => troubles.push(code),
        access: openAccess(createAccessMemory(1, Math.random), 0),
      },
      { reusePort: false },
    );
    using stack = new DisposableStack();
    stack.defer(stop);
    stack.defer(() => dispatcher.close());
    dispatcher.apply(table([pool([upstream('a', { port: server.port })])]), new Map([['a', 1]]));
    const status = await statuses.find(() => true);
    const port = status.kind === 'listening' ? status.port : 0;
    await using first = await dial(port);
    await using second = await dial(port);
    await Promise.all([first.echo('1'), second.echo('2')]);
    await using third = await dial(port);

    expect(await third.closed).toBe('reset');
    expect(troubles.all).toEqual(['EMFILE']);
    expect(await first.echo('on')).toBe('on');
    first.socket.end();
    await first.closed;
    await using fourth = await dial(port);
    expect(await fourth.echo('4')).toBe('4');
    expect(new Counters(memory).worker(0).accepted).toBe(3);
  });
}
