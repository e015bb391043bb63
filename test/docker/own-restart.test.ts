import { describe, expect, inject, it } from 'vitest';
import { startContainer, type TestContainer } from '../support/engine/containers.ts';
import { startLoad } from '../support/load.ts';
import { eventually, startReplica } from '../support/engine/replica.ts';

/** Starts a Sealane in the network of another container, so that several share its port and its sysctl. */
function startSealaneIn(network: TestContainer, upstream: string): Promise<TestContainer> {
  return startContainer({
    image: inject('images').sealane,
    command: ['relay', upstream, '--listen', '0.0.0.0:9000', '--reuse-port', 'true'],
    networks: [`container:${network.id}`],
    host: { ReadonlyRootfs: true, CapDrop: ['ALL'] },
  });
}

describe('Sealane itself', () => {
  it('can be replaced by a new one beside it repeatedly, and no client is refused', async () => {
    await using web = await startReplica();
    await using network = await startContainer({
      image: inject('images').tools,
      command: ['sh', '-c', 'trap "exit 0" TERM; sleep 600 & wait'],
      host: { Sysctls: { 'net.ipv4.tcp_migrate_req': '1' } },
    });
    const upstream = `${await web.address()}:8080`;
    const host = await network.address();
    const listening = (logs: string): boolean => /^9000$/m.test(logs);
    let current = await startSealaneIn(network, upstream);
    await using ends = new AsyncDisposableStack();
    ends.use(current);
    await eventually(() => current.logs(), listening);
    await using load = startLoad(9000, { host });
    for (let round = 0; round < 3; round += 1) {
      const next = ends.use(await startSealaneIn(network, upstream));
      await eventually(() => next.logs(), listening);
      await current.stop();
      expect((await current.inspect()).State.ExitCode).toBe(0);
      current = next;
    }
    const tally = await load.stop();
    expect(tally.replicas()).toEqual([web.name]);
    expect(Object.fromEntries(tally.errors)).toEqual({});
  });
});
