import type { PublishedPort } from '../../address/published.ts';
import type { Reach } from '../../docker/facts.ts';
import type { SwarmNode, SwarmService, SwarmTask, TaskAttachment } from '../../docker/swarm/facts.ts';
import { isIPv6 } from 'node:net';
import { printable, quoted } from '../../text/printable.ts';
import { none, type AddressChoice } from '../addresses/choice.ts';
import { publishedEndpoints } from '../addresses/published.ts';

/**
 * Finds the addresses of a task on another node. Pure. They are those on the overlay networks that Sealane is on, too, else a
 * port that the task publishes on its node (`mode: host`). The virtual address of a service is not used, nor a port that it
 * publishes on all nodes: both lead to any of its tasks.
 */
export interface TaskAddressQuery {
  readonly task: SwarmTask;
  readonly service: Pick<SwarmService, 'name' | 'hostPorts'>;
  readonly node: SwarmNode | undefined;
  readonly port: number;
  readonly reach: Reach;
  /** The `network` label. */
  readonly network: string | undefined;
  readonly project: string | undefined;
}

export function chooseTaskAddresses(query: TaskAddressQuery): AddressChoice {
  const { task, port, reach, network } = query;
  const wanted = task.attachments.filter((one) => isWanted(one, query));
  if (network !== undefined && wanted.length === 0) {
    return none(
      'not-on-network',
      `it is not on network ${quoted(network)}; it is on ${names(task.attachments)}`,
      'Correct the network label, or put the service on that network.',
    );
  }
  const shared = reach.kind === 'networks' ? wanted.filter(({ networkId }) => reach.networkIds.has(networkId)) : [];
  if (shared.length === 0) return onItsNode(query);
  const endpoints = addressesOf(shared).map((host) => ({ host, port, isDirect: true }));
  return endpoints.length === 0 ? { kind: 'not-yet' } : { kind: 'found', endpoints };
}

function isWanted({ networkName }: TaskAttachment, { network, project }: TaskAddressQuery): boolean {
  return network === undefined || networkName === network || networkName === `${project}_${network}`;
}

function onItsNode({ task, service, node, port }: TaskAddressQuery): AddressChoice {
  const on = `node ${printable(node?.hostname ?? task.nodeId ?? '?')}`;
  const host = { addresses: node?.address === undefined ? [] : [node.address], isHere: false };
  const ports = portsOf(task, service, port);
  // The kernel of another machine forwards a port of IPv4 itself, so that one that nothing listens on is refused (measured
  // on 20.10); only what comes for 127.0.0.1, and IPv6 there, goes through the engine's proxy.
  const endpoints = publishedEndpoints(ports, port, host).map((one) =>
    isIPv6(one.host) ? one : { host: one.host, port: one.port },
  );
  if (endpoints.length > 0) {
    const publishedBecause = `since Sealane is not on ${on}, and on no overlay network with it`;
    return { kind: 'found', endpoints, publishedBecause };
  }
  if (ports.length > 0 && node?.address === undefined) {
    return none(
      'no-address',
      `its port ${port} is published on ${on}, whose address the Swarm does not tell`,
      'Run Sealane as a service on one of its networks.',
    );
  }
  const isApart = `it is on ${on}, Sealane is on no overlay network with it (it is on ${names(task.attachments)})`;
  if (service.hostPorts.some(({ containerPort }) => containerPort === port)) {
    // The Swarm tells of the port that its node chose a moment after it calls the task running.
    if (!task.arePortsUntold) return { kind: 'not-yet' };
    return none(
      'no-shared-overlay',
      `${isApart}, and the Swarm does not tell at which port of the node its port ${port} is published`,
      `Publish a fixed port (published: …, mode: host), run Sealane as a service on one of its networks, or replace its tasks: docker service update --force ${printable(service.name)}`,
    );
  }
  return none(
    'no-shared-overlay',
    `${isApart}, and its port ${port} is not published there`,
    `Run Sealane as a service on one of its networks, or publish the port on each node: ports: [{target: ${port}, mode: host}]`,
  );
}

/** Where the Swarm does not tell any more what the task publishes, its service may have said which port of the node it is. */
function portsOf(task: SwarmTask, { hostPorts }: TaskAddressQuery['service'], port: number): readonly PublishedPort[] {
  const told = task.hostPorts.filter(({ containerPort }) => containerPort === port);
  if (told.length > 0) return told;
  return hostPorts.flatMap(({ containerPort, hostPort }) =>
    containerPort === port && hostPort !== undefined ? [{ containerPort, hostIp: '', hostPort }] : [],
  );
}

/** By the networks' names, IPv4 first. The network of ports that are published on all nodes comes last. */
function addressesOf(attachments: readonly TaskAttachment[]): readonly string[] {
  const rank = ({ networkName }: TaskAttachment): string => `${networkName === 'ingress' ? 1 : 0} ${networkName}`;
  const sorted = attachments.toSorted((a, b) => (rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b))));
  return sorted.flatMap(({ addresses }) => addresses).toSorted((a, b) => Number(isIPv6(a)) - Number(isIPv6(b)));
}

function names(attachments: readonly TaskAttachment[]): string {
  return attachments.length === 0 ? 'none' : attachments.map(({ networkName }) => quoted(networkName)).join(', ');
}
