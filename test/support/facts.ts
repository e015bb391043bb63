import type { ContainerView } from '../../src/catalog/explain/world.ts';
import type { ContainerFacts, EngineSnapshot, Vantage } from '../../src/docker/facts.ts';

/**
 * Builders for what the engine reports. A test names only the fields that it is about.
 */
let serial = 0;

export function containerFacts(over: Partial<ContainerFacts> = {}): ContainerFacts {
  serial += 1;
  return {
    id: serial.toString(16).padStart(64, 'c'),
    name: `container-${serial}`,
    labels: { 'sealane.listen': '8080' },
    createdAtMs: serial * 1000,
    startedAtNs: BigInt(serial) * 1_000_000_000n,
    state: 'running',
    health: 'none',
    networking: {
      kind: 'networks',
      attachments: [{ name: 'bridge', networkId: 'net-bridge', ipv4: `172.17.0.${serial}` }],
    },
    exposedPorts: [80],
    publishedPorts: [],
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    ...over,
  };
}

export function containerView(over: Partial<ContainerView> = {}): ContainerView {
  return {
    id: 'c0ffee',
    name: 'api-1',
    state: 'running',
    isLabelled: true,
    isDisabled: false,
    isOneoff: false,
    project: 'shop',
    createdFor: 'shop/api',
    task: undefined,
    networks: 'network "shop_default"',
    pools: [],
    lastExit: undefined,
    restarts: 0,
    hostPorts: [],
    asksFor: () => false,
    ...over,
  };
}

export const onHost: Vantage = { reach: { kind: 'host' } };

export function inContainer(
  networkIds: readonly string[],
  over: Partial<Vantage> & { readonly gateway?: string } = {},
): Vantage {
  const { gateway, ...vantage } = over;
  const reach = {
    kind: 'networks',
    networkIds: new Set(networkIds),
    ...(gateway === undefined ? {} : { gateway }),
  } as const;
  return { reach, selfId: 'self', ...vantage };
}

export function snapshotOf(containers: readonly ContainerFacts[], vantage: Vantage = onHost): EngineSnapshot {
  return {
    containers: new Map(containers.map((one) => [one.id, one])),
    stopped: new Map(),
    vantage,
    status: { kind: 'connected', apiVersion: '1.41' },
    synced: true,
  };
}
