import { once } from 'node:events';
import { fstatSync, openSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { nothingDetected } from '../../../../src/relay/intake/detect/step.ts';
import { clientInfoOf } from '../../../../src/relay/intake/client-info.ts';
import { createReceivedCount, type DescriptorChannel } from '../../../../src/relay/boundary/descriptor-channel.ts';
import { Handoff, receiveClients, type HandoffClient } from '../../../../src/relay/intake/handoff.ts';

describe('clients that are handed off to another thread', () => {
  test('wait until the thread is connected, and arrive in order', async () => {
    const { handoff, events } = createSender();
    for (const fd of [1, 2, 3]) handoff.send(client(fd));
    expect(handoff.size).toBe(3);
    const { sender, receiver } = createChannel();
    handoff.connect(sender);
    expect(handoff.size).toBe(0);
    expect(events).toEqual(['sent', 'sent', 'sent']);
    handoff.send(client(4));
    handoff.end();
    expect(await allFrom(receiver)).toEqual([1, 2, 3, 4]);
  });

  test('go to the successor of a thread that died before it received them, and only those', async () => {
    const { handoff, events } = createSender();
    const first = createChannel();
    handoff.connect(first.sender);
    for (const fd of [1, 2, 3]) handoff.send(client(fd));
    Atomics.add(new Int32Array(first.receiver.receivedCount), 0, 1);
    const gone = once(first.sender.port, 'close');
    first.receiver.port.close();
    await gone;
    expect(handoff.size).toBe(2);
    const second = createChannel();
    handoff.connect(second.sender);
    handoff.end();
    expect(await allFrom(second.receiver)).toEqual([2, 3]);
    expect(events).toEqual(['sent', 'sent', 'sent', 'back', 'back', 'sent', 'sent']);
  });

  test('go to a successor that is connected before the death of the first thread is noticed', async () => {
    const { handoff } = createSender();
    const first = createChannel();
    handoff.connect(first.sender);
    for (const fd of [1, 2]) handoff.send(client(fd));
    const second = createChannel();
    handoff.connect(second.sender);
    handoff.send(client(3));
    handoff.end();
    expect(await allFrom(second.receiver)).toEqual([1, 2, 3]);
  });

  test('are closed and reported when too many of them wait', () => {
    const { handoff, events } = createSender();
    for (let nth = 1; nth <= 1_024; nth++) handoff.send(client(nth));
    const fd = openSync('/dev/null', 'r');
    handoff.send(client(fd));
    expect(events).toEqual([`${fd} hold-full`]);
    expect(() => fstatSync(fd)).toThrow('EBADF');
  });

  test('are closed and reported at the end, as is every later client', async () => {
    const { handoff, events } = createSender();
    const [first, second] = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r')];
    handoff.send(client(first));
    handoff.end();
    expect(handoff.size).toBe(0);
    const { sender, receiver } = createChannel();
    handoff.connect(sender);
    handoff.send(client(second));
    expect(events).toEqual([`${first} shutdown`, `${second} shutdown`]);
    for (const fd of [first, second]) expect(() => fstatSync(fd)).toThrow('EBADF');
    expect(await allFrom(receiver)).toEqual([]);
  });
});

function createSender() {
  const events: string[] = [];
  const handoff = new Handoff({
    onSent: () => void events.push('sent'),
    onReturned: () => void events.push('back'),
    onClosed: ({ fd }, reason) => void events.push(`${fd} ${reason}`),
  });
  return { handoff, events };
}

function createChannel(): { readonly sender: DescriptorChannel; readonly receiver: DescriptorChannel } {
  const { port1, port2 } = new MessageChannel();
  const receivedCount = createReceivedCount();
  return { sender: { port: port1, receivedCount }, receiver: { port: port2, receivedCount } };
}

/** The descriptors of all clients that arrive until the sender ends. */
function allFrom(receiver: DescriptorChannel): Promise<readonly number[]> {
  const { promise, resolve } = Promise.withResolvers<readonly number[]>();
  const fds: number[] = [];
  receiveClients(
    receiver,
    ({ fd }) => void fds.push(fd),
    () => resolve(fds),
  );
  return promise;
}

function client(fd: number): HandoffClient {
  const address = '192.0.2.1:5000';
  const clientInfo = clientInfoOf(address, 0, nothingDetected);
  return { fd, client: address, listener: 'l', service: 's', clientInfo, tls: 'terminate' };
}
