import { describe, expect, test } from 'vitest';
import { Confirmations } from '../../../src/discovery/watch/confirmations.ts';
import type { ContainerFacts } from '../../../src/docker/facts.ts';
import type { Endpoint } from '../../../src/relay/boundary/table.ts';
import { containerFacts } from '../../support/facts.ts';

const web = containerFacts({
  startedAtNs: 7n,
  networking: { kind: 'networks', attachments: [{ name: 'n', networkId: 'n', ipv4: '10.0.0.5', ipv6: 'fd00::5' }] },
  publishedPorts: [{ containerPort: 80, hostIp: '', hostPort: 32_768 }],
});
const asked = { port: 80, proof: { kind: 'engine', run: `${web.id}@7` } } as const;
const own: Endpoint = { ...asked, host: 'fd00::5' };
const published: Endpoint = { ...asked, host: '127.0.0.1', port: 32_768, viaPortProxy: true };
const parent = { ...web, id: 'f'.repeat(64), startedAtNs: 6n };
const child: ContainerFacts = { ...web, networking: { kind: 'container', of: parent.id }, publishedPorts: [] };

function engineOf(...containers: readonly ContainerFacts[]): (id: string) => Promise<ContainerFacts | undefined> {
  return (id) => Promise.resolve(containers.find((one) => one.id === id));
}

describe('an address that has answered', () => {
  test.each<[string, Endpoint, readonly ContainerFacts[], boolean]>([
    ['of a container that has it', own, [web], true],
    ['of one that is paused', own, [{ ...web, state: 'paused' }], true],
    ['of one that is no longer there', own, [], false],
    ['of one that has ended', own, [{ ...web, state: 'exited' }], false],
    ['of one that has run anew since', own, [{ ...web, startedAtNs: 8n }], false],
    ['of one that left the network', own, [{ ...web, networking: { kind: 'networks', attachments: [] } }], false],
    ['of one that publishes the port', published, [web], true],
    ['of one that publishes another port', { ...published, port: 1 }, [web], false],
    ['of one on the host’s network', own, [{ ...web, networking: { kind: 'host' } }], true],
    ['of one that shares the network of another', own, [child, parent], true],
    [
      'of one that shared the network of another, which has run anew',
      own,
      [child, { ...parent, startedAtNs: 9n }],
      false,
    ],
    ['of one that shared the network of another, which is gone', own, [child], false],
    ['that needs no answer of the engine', { host: 'fd00::5', port: 80 }, [web], false],
  ])('%s', async (_, endpoint, containers, isConfirmed) => {
    expect(await new Confirmations(engineOf(...containers)).confirm(endpoint)).toBe(isConfirmed);
  });

  test('is asked for by an inspect that began after it answered, one at a time, which serves all that wait', async () => {
    const inspects: PromiseWithResolvers<ContainerFacts | undefined>[] = [];
    const confirmations = new Confirmations(() => {
      const inspect = Promise.withResolvers<ContainerFacts | undefined>();
      inspects.push(inspect);
      return inspect.promise;
    });
    const first = confirmations.confirm(own);
    const others = [confirmations.confirm(own), confirmations.confirm(published)];
    expect(inspects).toHaveLength(1);
    inspects[0]?.resolve(web);
    expect(await first).toBe(true);
    await expect.poll(() => inspects.length).toBe(2);
    const last = confirmations.confirm(own);
    inspects[1]?.resolve(undefined);
    expect(await Promise.all(others)).toEqual([false, false]);
    await expect.poll(() => inspects.length).toBe(3);
    inspects[2]?.resolve(web);
    expect(await last).toBe(true);
  });
});
