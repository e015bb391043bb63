import { isIP } from 'node:net';
import { hostOf, isLoopback, isWildcard } from '../../address/address.ts';
import { lastPort } from '../../address/port.ts';
import type { PublishedPort } from '../../address/published.ts';
import { firstIssue, withoutPrefix, type Parsed } from '../parse.ts';
import { parseEngineTime } from '../timestamp.ts';
import type { ServicePort, SwarmNode, SwarmService, SwarmStanding, SwarmTask, TaskAttachment } from './facts.ts';
import { nodeSchema, serviceSchema, standingSchema, taskSchema, type TaskJson } from './schema.ts';
import type { Templates } from './templates.ts';

/**
 * Turns a manager's JSON into facts. Pure but for the memory of templates; never throws.
 */

/** An engine that says nothing of a Swarm is in none. */
export function parseStanding(info: unknown): SwarmStanding {
  const swarm = standingSchema.safeParse(info).data?.Swarm;
  const state = standingStates.find((one) => one === swarm?.LocalNodeState) ?? 'inactive';
  const { NodeID: nodeId, Cluster } = swarm ?? {};
  return {
    state,
    isManager: state === 'active' && swarm?.ControlAvailable === true,
    ...(nodeId && { nodeId }),
    ...(Cluster?.ID && { clusterId: Cluster.ID }),
  };
}

const standingStates = ['inactive', 'pending', 'active', 'error', 'locked'] as const;

/** Parses an element of the answer to `GET /services`. */
export function parseService(json: unknown, templates: Templates): Parsed<SwarmService> {
  const parsed = serviceSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: firstIssue(parsed.error) };
  const { ID, CreatedAt, Spec, UpdateStatus } = parsed.data;
  const createdAtMs = timeMs(CreatedAt);
  if (createdAtMs === undefined) return { ok: false, why: 'CreatedAt: not a time' };
  const replicas = Spec.Mode?.Replicated ? (Spec.Mode.Replicated.Replicas ?? 0) : undefined;
  const isJob = Boolean(Spec.Mode?.ReplicatedJob ?? Spec.Mode?.GlobalJob);
  const isUpdating = UpdateStatus?.State === 'updating' || UpdateStatus?.State === 'rollback_started';
  const template = templates.of(Spec.TaskTemplate);
  const { Name: name, Labels: labels } = Spec;
  return {
    ok: true,
    value: {
      id: ID,
      name,
      labels,
      template,
      createdAtMs,
      ...(replicas !== undefined && { replicas }),
      hostPorts: servicePortsOf(Spec.EndpointSpec?.Ports ?? []),
      ...(isJob && { isJob }),
      isUpdating,
    },
  };
}

/** Parses an element of the answer to `GET /tasks`; `value: undefined` stands for a task of no service. */
export function parseTask(json: unknown, templates: Templates): Parsed<SwarmTask | undefined> {
  const parsed = taskSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: firstIssue(parsed.error) };
  const { ID, ServiceID, NodeID, Slot, CreatedAt, Spec, DesiredState, Status } = parsed.data;
  if (!ServiceID) return { ok: true, value: undefined };
  const createdAtMs = timeMs(CreatedAt);
  if (createdAtMs === undefined) return { ok: false, why: 'CreatedAt: not a time' };
  const containerId = Status.ContainerStatus?.ContainerID;
  return {
    ok: true,
    value: {
      id: ID,
      serviceId: ServiceID,
      template: templates.of(Spec),
      ...(NodeID && { nodeId: NodeID }),
      ...(Slot && { slot: Slot }),
      createdAtMs,
      desiredState: DesiredState,
      state: Status.State,
      stateAtNs: parseEngineTime(Status.Timestamp ?? '') ?? 0n,
      ...(Status.Message && { message: Status.Message }),
      ...(Status.Err && { error: Status.Err }),
      ...(containerId && /^[0-9a-f]{64}$/.test(containerId) && { containerId }),
      attachments: attachmentsOf(parsed.data.NetworksAttachments ?? []),
      hostPorts: hostPortsOf(Status.PortStatus?.Ports ?? []),
    },
  };
}

/** Parses an element of the answer to `GET /nodes`. */
export function parseNode(json: unknown): Parsed<SwarmNode> {
  const parsed = nodeSchema.safeParse(json);
  if (!parsed.success) return { ok: false, why: firstIssue(parsed.error) };
  const { ID, Spec, Description, Status, ManagerStatus } = parsed.data;
  const address = [Status?.Addr ?? '', hostOf(ManagerStatus?.Addr ?? '')].find(isOfNode);
  return {
    ok: true,
    value: {
      id: ID,
      hostname: Description?.Hostname ?? '',
      ...(address !== undefined && { address }),
      state: nodeStates.find((one) => one === Status?.State) ?? 'unknown',
      availability: availabilities.find((one) => one === Spec.Availability) ?? 'active',
      isManager: Spec.Role === 'manager',
    },
  };
}

const nodeStates = ['unknown', 'down', 'ready', 'disconnected'] as const;
const availabilities = ['active', 'pause', 'drain'] as const;

/** The leader may give 0.0.0.0, and a Swarm of one node loopback, which would be this machine from everywhere. */
function isOfNode(address: string): boolean {
  return isIP(address) !== 0 && !isWildcard(address) && !isLoopback(address);
}

function attachmentsOf(attachments: NonNullable<TaskJson['NetworksAttachments']>): TaskAttachment[] {
  return attachments.flatMap(({ Network, Addresses }): TaskAttachment[] => {
    if (!Network?.ID) return [];
    const addresses = (Addresses ?? [])
      .map(withoutPrefix)
      .filter((address) => isIP(address) !== 0)
      .toSorted((a, b) => isIP(a) - isIP(b));
    const driver = Network.DriverState?.Name;
    return [{ networkId: Network.ID, networkName: Network.Spec?.Name ?? '', ...(driver && { driver }), addresses }];
  });
}

type PortsJson = NonNullable<NonNullable<TaskJson['Status']['PortStatus']>['Ports']>;

function servicePortsOf(ports: PortsJson): ServicePort[] {
  return ports.filter(isOfHost).map(({ TargetPort: containerPort, PublishedPort: hostPort }) => {
    return { containerPort, ...(isPort(hostPort) && { hostPort }) };
  });
}

/** A node publishes a port on both families at once, and lists both without saying which is which. */
function hostPortsOf(ports: PortsJson): PublishedPort[] {
  const published = new Map<string, PublishedPort>();
  for (const port of ports) {
    const { TargetPort: containerPort, PublishedPort: hostPort } = port;
    if (!isOfHost(port) || !isPort(hostPort)) continue;
    published.set(`${containerPort} ${hostPort}`, { containerPort, hostIp: '', hostPort });
  }
  return [...published.values()].toSorted((a, b) => a.containerPort - b.containerPort || a.hostPort - b.hostPort);
}

function isOfHost({ Protocol, PublishMode, TargetPort }: PortsJson[number]): boolean {
  return (Protocol ?? 'tcp') === 'tcp' && PublishMode === 'host' && isPort(TargetPort);
}

function isPort(port: number | null | undefined): port is number {
  return Number.isInteger(port) && (port ?? 0) > 0 && (port ?? 0) <= lastPort;
}

function timeMs(text: string): number | undefined {
  const timeNs = parseEngineTime(text);
  return timeNs === undefined ? undefined : Number(timeNs / 1_000_000n);
}
