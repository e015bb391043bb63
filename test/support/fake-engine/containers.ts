/**
 * The containers of the fake engine, and the JSON that a real engine (20.10, API 1.41) gives for them.
 */
export interface FakeContainer {
  readonly id: string;
  name: string;
  labels: Record<string, string>;
  state: 'created' | 'running' | 'paused' | 'restarting' | 'exited';
  health: 'starting' | 'healthy' | 'unhealthy' | undefined;
  startedAtNs: bigint;
  networkMode: string;
  networks: Record<string, { networkId: string; ip: string }>;
  exposedPorts: number[];
  /** The variables of its environment, as `NAME=value`. */
  env?: string[];
}

/** The engine gives an id unless there is one. */
export type FakeContainerSpec = Partial<Omit<FakeContainer, 'startedAtNs'>>;

/** 64 hexadecimal digits that differ at the front, as real ids do. */
export function fakeId(number: number): string {
  return `c${(number + 1).toString(16).padStart(5, '0')}`.padEnd(64, '0123456789abcdef');
}

function rfc3339(timeNs: bigint): string {
  if (timeNs === 0n) return '0001-01-01T00:00:00Z';
  const seconds = new Date(Number(timeNs / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${(timeNs % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}

export function isLive({ state }: FakeContainer): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}

export function inspectJson(container: FakeContainer): object {
  const { id, name, labels, state, health, startedAtNs, networkMode, exposedPorts, env = null } = container;
  return {
    Id: id,
    Created: '2026-01-01T00:00:00.5Z',
    Path: '/serve',
    Name: `/${name}`,
    State: {
      Status: state,
      Running: isLive(container),
      Paused: state === 'paused',
      StartedAt: rfc3339(startedAtNs),
      FinishedAt: '0001-01-01T00:00:00Z',
      ...(health && { Health: { Status: health, FailingStreak: 0, Log: [] } }),
    },
    HostConfig: { NetworkMode: networkMode },
    Config: {
      Labels: labels,
      Env: env,
      ...(exposedPorts.length > 0 && {
        ExposedPorts: Object.fromEntries(exposedPorts.map((port) => [`${port}/tcp`, {}])),
      }),
    },
    NetworkSettings: { Networks: networksJson(container), Ports: {} },
  };
}

export function listRowJson(container: FakeContainer): object {
  const { id, name, labels, state, health, networkMode } = container;
  return {
    Id: id,
    Names: [`/${name}`],
    Created: 1_767_225_600,
    Labels: labels,
    State: state,
    Status: `Up 3 seconds${health ? ` (${health === 'starting' ? 'health: starting' : health})` : ''}`,
    Ports: [],
    HostConfig: { NetworkMode: networkMode },
    NetworkSettings: { Networks: networksJson(container) },
  };
}

function networksJson(container: FakeContainer): object {
  return Object.fromEntries(
    Object.entries(container.networks).map(([name, { networkId, ip }]) => [
      name,
      {
        NetworkID: networkId,
        EndpointID: isLive(container) ? `endpoint-${container.startedAtNs}` : '',
        IPAddress: isLive(container) ? ip : '',
        GlobalIPv6Address: '',
      },
    ]),
  );
}
