import { createServer, connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { createCompanionProbe } from '../../../src/daemon/activation/companion-probe.ts';
import { onHost } from '../../support/facts.ts';
import { facts } from '../../support/fake-engine/port.ts';
import { ManualClock } from '../../support/manual-clock.ts';

test('a container that is gone before its port accepts is not probed any more', async () => {
  const clock = new ManualClock();
  const probe = createCompanionProbe(clock, () => {});
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const attachments = [{ name: 'bridge', networkId: 'n1', ipv4: '127.0.0.1' }];
    const db = facts({ networking: { kind: 'networks', attachments }, exposedPorts: [port] });
    expect(probe.isReady(db, onHost, undefined)).toBe(false);
    await vi.waitFor(() => expect(clock.nextDelayMs()).toBeDefined(), 30_000);
    probe.keep((id) => id === db.id);
    expect(probe.isReady(db, onHost, undefined)).toBe(false);
    probe.keep(() => false);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    let clients = 0;
    server.on('connection', () => void (clients += 1));
    clock.advance(1_000);
    const own = connect(port, '127.0.0.1');
    await once(own, 'close');
    expect(clients, 'only the test’s own').toBe(1);
    expect(clock.nextDelayMs()).toBeUndefined();
  } finally {
    probe.stop();
    server.close();
  }
});
