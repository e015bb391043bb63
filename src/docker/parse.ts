import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { z } from 'zod';
import { isOwnConnection, type Dialect } from './dialect.ts';
import type {
  ContainerFacts,
  ContainerNetworking,
  ContainerState,
  ContainerSummary,
  HealthState,
  NetworkAttachment,
} from './facts.ts';
import type { PublishedPort } from '../address/published.ts';
import {
  inspectSchema,
  listRowSchema,
  networkContainersSchema,
  publicPortSchema,
  type InspectJson,
  type ListRowJson,
} from './schema.ts';
import { parseEngineTime } from './timestamp.ts';

/**
 * Turns the engine's JSON into facts. Pure; never throws: the result of malformed JSON says where and why it is
 * malformed.
 */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** Parses the answer to `GET /containers/{id}/json`. */
export function parseInspect(json: unknown, { isLate }: Pick<Dialect, 'isLate'>): Parsed<ContainerFacts> {
  const parsed = inspectSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: firstIssue(parsed.error) };
  const { Id, Name, Created, State, Config, HostConfig, NetworkSettings } = parsed.data;
  const createdAtNs = parseEngineTime(Created);
  const startedAtNs = parseEngineTime(State.StartedAt ?? '0001-01-01T00:00:00Z');
  if (createdAtNs === undefined) return { ok: false, why: 'Created: not a time' };
  if (startedAtNs === undefined) return { ok: false, why: 'State.StartedAt: not a time' };
  return {
    ok: true,
    value: {
      id: Id,
      name: Name.replace(/^\//, ''),
      labels: Config.Labels,
      ...(Config.Image && { image: Config.Image }),
      createdAtMs: Number(createdAtNs / 1_000_000n),
      startedAtNs,
      state: containerState(State),
      ...(HostConfig?.AutoRemove && { isRemovedAtEnd: true }),
      ...(isLate && { isLate }),
      ...(isLate && State.Pid && { process: State.Pid }),
      ...lastExit(State),
      ...(parsed.data.RestartCount ? { restarts: parsed.data.RestartCount } : {}),
      health: healthState((State.Health ?? State.Healthcheck)?.Status),
      networking: networking(HostConfig?.NetworkMode ?? '', NetworkSettings?.Networks ?? {}, isLate),
      exposedPorts: tcpPorts(Object.keys(Config.ExposedPorts ?? {})),
      publishedPorts: publishedPorts(NetworkSettings?.Ports ?? {}),
      stopSignal: String(Config.StopSignal ?? '') || 'SIGTERM',
      stopTimeoutMs: stopTimeoutMs(Config.StopTimeout),
    },
  };
}

/** Parses one row of the answer to `GET /containers/json`. */
export function parseListRow(json: unknown): Parsed<ContainerSummary> {
  const parsed = listRowSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: firstIssue(parsed.error) };
  const row = parsed.data;
  const addresses = Object.values(row.NetworkSettings?.Networks ?? {})
    .flatMap((network) => [network?.IPAddress, network?.GlobalIPv6Address])
    .filter((address) => typeof address === 'string' && isIP(address) !== 0);
  return {
    ok: true,
    value: {
      id: row.Id,
      names: (row.Names ?? []).map((name) => name.replace(/^\//, '')),
      labels: row.Labels,
      hostPorts: (row.Ports ?? []).flatMap((port) => publicPortSchema.safeParse(port).data?.PublicPort ?? []),
      ...(stoppedStates.has(row.State ?? '') && { isStopped: true }),
      fingerprint: fingerprint(row),
      addresses: addresses.filter((address) => address !== undefined && address !== null),
    },
  };
}

/** Parses the answer to `GET /networks/{id}` into the containers that are attached to that network, by their ids. */
export function parseNetworkContainers(json: unknown, name: string): Parsed<ReadonlyMap<string, NetworkAttachment>> {
  const parsed = networkContainersSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: firstIssue(parsed.error) };
  const { Id: networkId, Driver: driver, Containers } = parsed.data;
  const containers = Object.entries(Containers ?? {}).map(([id, { IPv4Address, IPv6Address }]) => {
    const [ipv4, ipv6] = [withoutPrefix(IPv4Address), withoutPrefix(IPv6Address)];
    const addresses = { ...(isIP(ipv4) === 4 && { ipv4 }), ...(isIP(ipv6) === 6 && { ipv6 }) };
    return [id, { name, networkId, driver, ...addresses }] as const;
  });
  return { ok: true, value: new Map(containers) };
}

/** Returns `10.0.0.2` for `10.0.0.2/24`. */
export function withoutPrefix(address: string | null | undefined): string {
  return (address ?? '').replace(/\/\d+$/, '');
}

/** The first issue as `path: message`, instead of zod's whole report, so that it fits into one log line. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join('.') || 'answer'}: ${issue.message}` : 'does not fit';
}

const states: ReadonlySet<string> = new Set<ContainerState>([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);

/** The states of a list's row in which no process runs; the last three are Podman's own. */
const stoppedStates: ReadonlySet<string> = new Set([
  ...['created', 'exited', 'dead', 'removing'],
  ...['configured', 'initialized', 'stopped'],
]);

/** Podman's states that Docker does not have (`stopping`, `initialized`) are mapped by whether the container runs. */
function containerState({ Status, Running }: InspectJson['State']): ContainerState {
  if (typeof Status === 'string' && states.has(Status)) return Status as ContainerState;
  return Running === true ? 'running' : 'exited';
}

function healthState(status: string | null | undefined): HealthState {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

/** A container that waits for its restart counts as running for the engine. */
function lastExit(state: InspectJson['State']): Pick<ContainerFacts, 'lastExit'> {
  const { Status, Running, FinishedAt, ExitCode } = state;
  const finishedAtNs = parseEngineTime(FinishedAt ?? '') ?? 0n;
  if ((Running === true && Status !== 'restarting') || finishedAtNs === 0n || typeof ExitCode !== 'number') return {};
  return { lastExit: { code: ExitCode, atMs: Number(finishedAtNs / 1_000_000n) } };
}

type NetworksJson = NonNullable<NonNullable<InspectJson['NetworkSettings']>['Networks']>;

function networking(mode: string, networks: NetworksJson, isLate: boolean): ContainerNetworking {
  if (mode === 'host') return { kind: 'host' };
  if (mode.startsWith('container:')) return { kind: 'container', of: mode.slice('container:'.length) };
  const attachments: NetworkAttachment[] = [];
  // The attachments are sorted: the engine's order has no meaning, and equal facts must compare as equal.
  for (const [name, network] of Object.entries(networks).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    // `none` appears as a network of that name; a container may have joined real networks since its creation.
    if (network && name !== 'none') attachments.push(attachment(name, network, isLate));
  }
  if (mode === 'none' && attachments.length === 0) return { kind: 'none' };
  return { kind: 'networks', attachments };
}

function attachment(name: string, network: NonNullable<NetworksJson[string]>, isLate: boolean): NetworkAttachment {
  const { NetworkID, IPAddress, GlobalIPv6Address, MacAddress } = network;
  return {
    name,
    networkId: NetworkID ?? '',
    ...(IPAddress && isIP(IPAddress) === 4 && { ipv4: IPAddress }),
    ...(GlobalIPv6Address && isIP(GlobalIPv6Address) === 6 && { ipv6: GlobalIPv6Address }),
    ...(isLate && MacAddress && cardAddress.test(MacAddress) && { hardware: MacAddress.toLowerCase() }),
    ...(isOwnConnection(network) && { joined: true }),
  };
}

/** An address of the kind that the kernel draws (eth_random_addr()). Another one was given, perhaps to several containers. */
const cardAddress = /^[\da-f][26ae](?::[\da-f]{2}){5}$/i;

/** Parses `80/tcp`, or plain `80` as in old images. */
function tcpPort(key: string): number | undefined {
  const match = /^(\d{1,5})(?:\/tcp)?$/.exec(key);
  const port = Number(match?.[1] ?? 0);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function tcpPorts(keys: readonly string[]): number[] {
  return keys.flatMap((key) => tcpPort(key) ?? []).toSorted((a, b) => a - b);
}

type PortsJson = NonNullable<NonNullable<InspectJson['NetworkSettings']>['Ports']>;

function publishedPorts(ports: PortsJson): PublishedPort[] {
  const published: PublishedPort[] = [];
  for (const [key, bindings] of Object.entries(ports)) {
    const containerPort = tcpPort(key);
    if (containerPort === undefined) continue;
    for (const { HostIp, HostPort } of bindings ?? []) {
      const hostPort = tcpPort(HostPort ?? '');
      if (hostPort !== undefined) published.push({ containerPort, hostIp: HostIp ?? '', hostPort });
    }
  }
  return published.toSorted(
    (a, b) => a.containerPort - b.containerPort || a.hostPort - b.hostPort || (a.hostIp < b.hostIp ? -1 : 1),
  );
}

/** The engine's default, when neither the container nor the command has a stop timeout. */
const defaultStopTimeoutMs = 10_000;

function stopTimeoutMs(seconds: number | null | undefined): number {
  if (seconds === null || seconds === undefined) return defaultStopTimeoutMs;
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1000;
}

/** Of `Status`, such as "Up 3 hours (healthy)", only the health is included, since its time changes by itself. */
function fingerprint(row: ListRowJson): string {
  const networks = Object.entries(row.NetworkSettings?.Networks ?? {}).map(([name, network]) =>
    JSON.stringify([name, network?.NetworkID, network?.EndpointID, network?.IPAddress, network?.GlobalIPv6Address]),
  );
  const parts = [
    (row.Names ?? []).toSorted(),
    row.State,
    /\(([^)]*)\)\s*$/.exec(row.Status ?? '')?.[1],
    row.Created,
    row.HostConfig?.NetworkMode,
    networks.toSorted(),
    (row.Ports ?? []).map((port) => JSON.stringify(port)).toSorted(),
    Object.entries(row.Labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
