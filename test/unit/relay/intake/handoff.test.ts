import { once } from 'node:events';
import { fstatSync, openSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { nothingDetected } from '../../../../src/relay/intake/detect/step.ts';
import { clientInfoOf } from '../../../../src/relay/intake/client-info.ts';
import { createTaken, type Way } from '../../../../src/relay/boundary/descriptor-channel.ts';
import { Handover, receiveClients, type HandedOver } from '../../../../src/relay/intake/handoff.ts';

describe('clients that are handed over to another thread', () => {
  test('wait for it, and arrive in order', async () => {
    const { handover, told } = createSender();
    for (const fd of [1, 2, 3]) handover.send(client(fd));
    expect(handover.size).toBe(3);
    const { sender, receiver } = createWay();
    handover.connect(sender);
    expect(handover.size).toBe(0);
    expect(told).toEqual(['sent', 'sent', 'sent']);
    handover.send(client(4));
    handover.end();
    expect(await allFrom(receiver)).toEqual([1, 2, 3, 4]);
  });

  test('go to its successor when it dies before it has taken them, and only those', async () => {
    const { handover, told } = createSender();
    const first = createWay();
    handover.connect(first.sender);
    for (const fd of [1, 2, 3]) handover.send(client(fd));
    Atomics.add(new Int32Array(first.receiver.taken), 0, 1);
    const gone = once(first.sender.port, 'close');
    first.receiver.port.close();
    await gone;
    expect(handover.size).toBe(2);
    const second = createWay();
    handover.connect(second.sender);
    handover.end();
    expect(await allFrom(second.receiver)).toEqual([2, 3]);
    expect(told).toEqual(['sent', 'sent', 'sent', 'back', 'back', 'sent', 'sent']);
  });

  test('go to its successor also when that is there before it is known that the first has died', async () => {
    const { handover } = createSender();
    const first = createWay();
    handover.connect(first.sender);
    for (const fd of [1, 2]) handover.send(client(fd));
    const second = createWay();
    handover.connect(second.sender);
    handover.send(client(3));
    handover.end();
    expect(await allFrom(second.receiver)).toEqual([1, 2, 3]);
  });

  test('are closed beyond a number of them, and it is told', () => {
    const { handover, told } = createSender();
    for (let nth = 1; nth <= 1_024; nth++) handover.send(client(nth));
    const fd = openSync('/dev/null', 'r');
    handover.send(client(fd));
    expect(told).toEqual([`${fd} hold-full`]);
    expect(() => fstatSync(fd)).toThrow('EBADF');
  });

  test('are closed at the end, and it is told; nobody follows', async () => {
    const { handover, told } = createSender();
    const [first, second] = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r')];
    handover.send(client(first));
    handover.end();
    expect(handover.size).toBe(0);
    const { sender, receiver } = createWay();
    handover.connect(sender);
    handover.send(client(second));
    expect(told).toEqual([`${first} shutdown`, `${second} shutdown`]);
    for (const fd of [first, second]) expect(() => fstatSync(fd)).toThrow('EBADF');
    expect(await allFrom(receiver)).toEqual([]);
  });
});

function createSender() {
  const told: string[] = [];
  const handover = new Handover({
    onSent: () => void told.push('sent'),
    onReturned: () => void told.push('back'),
    onClosed: ({ fd }, reason) => void told.push(`${fd} ${reason}`),
  });
  return { handover, told };
}

function createWay(): { readonly sender: Way; readonly receiver: Way } {
  const { port1, port2 } = new MessageChannel();
  const taken = createTaken();
  return { sender: { port: port1, taken }, receiver: { port: port2, taken } };
}

/** Whoever comes until the sender has no more. */
function allFrom(receiver: Way): Promise<readonly number[]> {
  const { promise, resolve } = Promise.withResolvers<readonly number[]>();
  const fds: number[] = [];
  receiveClients(
    receiver,
    ({ fd }) => void fds.push(fd),
    () => resolve(fds),
  );
  return promise;
}

function client(fd: number): HandedOver {
  const address = '192.0.2.1:5000';
  const clientInfo = clientInfoOf(address, 0, nothingDetected);
  return { fd, client: address, listener: 'l', service: 's', clientInfo, tls: 'terminate' };
}
