import { describe, expect, it } from 'vitest';
import { createResolve, placeOf, type SwapStandpoint } from '../../../../src/daemon/swap/place.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { formatAddress } from '../../../../src/address/address.ts';

const names: Record<string, readonly string[]> = { 'laptop.lan': ['192.168.1.20'] };

function resolver(more: Record<string, readonly string[]> = {}) {
  return async (host: string): Promise<readonly string[]> => {
    const found = { ...names, ...more }[host];
    if (!found) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
    return found;
  };
}

const onHost: SwapStandpoint = { isInContainer: false, gateway: undefined, resolve: resolver() };
const inContainer: SwapStandpoint = { isInContainer: true, gateway: '172.17.0.1', resolve: resolver() };
/** As in a container of Podman 4.3, whose host has no other name there. */
const inPodman: SwapStandpoint = { ...inContainer, resolve: resolver({ 'host.containers.internal': ['192.0.2.2'] }) };
const onDesktop: SwapStandpoint = {
  ...inContainer,
  resolve: resolver({ 'host.docker.internal': ['192.168.65.254'] }),
};

async function endpointsOf(host: string, from: SwapStandpoint): Promise<readonly string[] | string> {
  const place = await placeOf({ host, port: 3000 }, from);
  return typeof place === 'string' ? place : place.endpoints.map(formatAddress);
}

describe('the place of a stand-in', () => {
  it.each([
    ['localhost', 'on the host', onHost, ['127.0.0.1:3000', '[::1]:3000']],
    ['127.0.0.1', 'on the host', onHost, ['127.0.0.1:3000']],
    ['0.0.0.0', 'on the host', onHost, ['127.0.0.1:3000', '[::1]:3000']],
    ['laptop.lan', 'on the host', onHost, ['192.168.1.20:3000']],
    ['localhost', 'in a container', inContainer, ['172.17.0.1:3000']],
    ['127.0.0.1', 'in a container of Docker Desktop', onDesktop, ['192.168.65.254:3000', '172.17.0.1:3000']],
    ['localhost', 'in a container of Podman', inPodman, ['192.0.2.2:3000', '172.17.0.1:3000']],
    ['192.168.1.20', 'in a container', inContainer, ['192.168.1.20:3000']],
    ['LOCALHOST', 'in a container', inContainer, ['172.17.0.1:3000']],
    ['api.localhost', 'in a container', inContainer, ['172.17.0.1:3000']],
    [
      'own.name',
      'in a container',
      { ...inContainer, resolve: resolver({ 'own.name': ['127.0.1.1'] }) },
      ['172.17.0.1:3000'],
    ],
  ] as const)('%s for a Sealane %s is where it reaches it', async (host, _, from, expected) => {
    expect(await endpointsOf(host, from)).toEqual(expected);
  });

  it('says what must be bound where', async () => {
    const place = await placeOf({ host: 'localhost', port: 3000 }, inContainer);
    expect(place).toMatchObject({
      advice: expect.stringMatching(/as 172\.17\.0\.1:3000: .*listen on 0\.0\.0\.0:3000/),
    });
  });

  it('does not trust a forwarder of Docker Desktop that accepts, but a gateway', async () => {
    const place = await placeOf({ host: 'localhost', port: 3000 }, onDesktop);
    expect(place).toMatchObject({ endpoints: [{ viaPortProxy: true }, { host: '172.17.0.1', port: 3000 }] });
  });

  it('is a clear error for a name that is not known, and in a container without a way to its host', async () => {
    expect(await endpointsOf('nowhere', onHost)).toMatch(/can't resolve nowhere .*ENOTFOUND/);
    expect(await endpointsOf('localhost', { ...inContainer, gateway: undefined })).toMatch(/no way to its host/);
  });

  it('does not wait for a name server that is out of reach, nor ask it twice at once', async () => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const resolve = createResolve(clock, (host) => {
      asked.push(host);
      return new Promise(() => undefined);
    });
    const places = [
      endpointsOf('localhost', { ...inContainer, resolve }),
      endpointsOf('nowhere', { ...onHost, resolve }),
    ];
    const again = endpointsOf('localhost', { ...inContainer, resolve });
    clock.advance(1_000);
    expect(await Promise.all([...places, again])).toEqual([
      ['172.17.0.1:3000'],
      expect.stringContaining("can't resolve nowhere (no name server answers)"),
      ['172.17.0.1:3000'],
    ]);
    expect(asked).toEqual(['host.docker.internal', 'host.containers.internal', 'nowhere']);
  });
});
