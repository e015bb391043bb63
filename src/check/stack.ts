import { isWildcard } from '../address/address.ts';
import type { ComposePort } from '../compose/port.ts';
import type { ComposeProject } from '../compose/project.ts';
import type { ComposeService } from '../compose/service.ts';
import { printable } from '../text/printable.ts';
import type { Finding } from './finding.ts';

/**
 * Reads the files as `docker stack deploy` does, and finds what goes wrong in a Swarm only. Pure.
 */
export interface CheckedProject extends ComposeProject {
  /** Whether the files are a stack's; `name` is the stack's then. */
  readonly isStack: boolean;
}

/**
 * A service gets the labels that a manager tells of: those of the Swarm service, and over them those of its containers.
 */
export function asStack(project: ComposeProject): CheckedProject {
  const services = project.services.map((service) => ({
    ...service,
    labels: new Map([...service.deploy.labels, ...service.labels]),
    // A stack puts a service on the network of its host by a network with that name.
    networkMode: [...service.networks.keys()].some((key) => isHostNetwork(key, project)) ? 'host' : '',
    // Each node has one task of a global service.
    replicas: service.deploy.swarmOnly === 'mode' ? 1 : service.replicas,
  }));
  return { ...project, services, isStack: true };
}

function isHostNetwork(key: string, { networks }: ComposeProject): boolean {
  return networks.get(key)?.name === 'host';
}

/** What `docker stack deploy` does otherwise than compose. `ours`: runs Sealane, or is reached through it. */
export function stackOnly(service: ComposeService, isSealane: boolean): Finding[] {
  return [...ignoredNetworkMode(service), ...openPorts(service), ...(isSealane ? hiddenClients(service) : [])];
}

function ignoredNetworkMode({ name, networkMode, location }: ComposeService): Finding[] {
  if (networkMode === '') return [];
  const isHost = networkMode === 'host';
  return [
    {
      code: 'not-in-stack',
      location,
      service: name,
      message: `docker stack deploy ignores network_mode: ${printable(networkMode)}`,
      fix: isHost
        ? 'Put it on the network "host" (networks: [host]), declared as networks: { host: { external: true } }.'
        : 'Put it on a network of the stack.',
    },
  ];
}

/** A port that compose opens on one address only. Open to every network of the node, it may be open to the world. */
function openPorts({ name, ports }: ComposeService): Finding[] {
  return ports.filter(isOnOneAddress).map(({ hostIp, container, host = container, location }) => ({
    code: 'port-open',
    location,
    service: name,
    message: `docker stack deploy ignores ${hostIp}: port ${host} is open on all addresses of every node`,
    fix: 'Leave the port out, or write it without an address and guard it by a firewall.',
  }));
}

function isOnOneAddress({ hostIp }: ComposePort): boolean {
  return hostIp !== '' && !isWildcard(hostIp);
}

function hiddenClients({ name, ports }: ComposeService): Finding[] {
  return ports
    .filter((port) => !port.isHostMode && port.protocol === 'tcp' && !isOnOneAddress(port))
    .map(({ container, host = container, location }) => ({
      code: 'client-address-lost',
      severity: 'warning',
      location,
      service: name,
      message: `port ${host} is published by the Swarm's ingress network, whose address Sealane sees instead of the client's`,
      fix: `Write { target: ${container}, published: ${host}, mode: host }.`,
    }));
}
