import { projectOf, taskOf } from '../creator.ts';
import type { EngineInstallation } from '../engine.ts';
import { isLocal, type EngineTarget } from '../engine-url.ts';
import { gatewayBridge, lanDrivers, type ContainerFacts, type OwnNetwork, type Reach, type Vantage } from '../facts.ts';

/**
 * Derives which container addresses Sealane can reach from its position. Pure.
 */
export interface Position {
  readonly target: EngineTarget;
  readonly platform: NodeJS.Platform;
  /** The release of this machine's kernel. */
  readonly kernel?: string | undefined;
  /** The host that ssh connects to, where the engine's address is an ssh:// one. */
  readonly sshHost?: string | undefined;
  readonly gateway?: string | undefined;
  /** The container that Sealane runs in, confirmed by the engine. */
  readonly self?: ContainerFacts | undefined;
  /** The container whose network `self` shares. */
  readonly parent?: ContainerFacts | undefined;
  readonly installation?: EngineInstallation | undefined;
}

export function vantageOf(position: Position): Vantage {
  const { self, parent } = position;
  if (!self) return { reach: fromOutside(position) };
  const project = projectOf(self.labels);
  // The ports of a container that shares another's network are that one's.
  const owner = parent && self.networking.kind === 'container' ? parent : self;
  const base = { selfId: self.id, ...(project !== undefined && { project }) };
  if (owner.networking.kind === 'host') return { ...base, reach: { kind: 'host' } };
  return { ...base, reach: fromInside(position, owner), ownNetwork: ownNetworkOf(owner, owner === self) };
}

/**
 * The vantage on an engine beside `home`, the one that Sealane's container is on. From a container's own network, what the
 * other engine's host reaches on itself is reached through the gateway: the ports that are published on all of its
 * addresses. Containers are of Sealane's compose project if the project has the same name.
 */
export function vantageBeside(vantage: Vantage, home: Vantage): Vantage {
  if (home.selfId === undefined || vantage.selfId === home.selfId) return vantage;
  const project = home.project === undefined ? {} : { project: home.project };
  return { ...project, reach: home.ownNetwork ? throughGateway(vantage.reach, home.reach) : vantage.reach };
}

function throughGateway(reach: Reach, home: Reach): Reach {
  if (!isOnOwnHost(reach) || home.kind !== 'networks') return reach;
  const { gateway } = home;
  if (gateway === undefined) return { kind: 'networks', networkIds: new Set() };
  return { kind: 'published', host: gateway, because: 'other-engine' };
}

/** Whether the addresses are those of the machine that Sealane is on, which a container's own network does not have. */
export function isOnOwnHost(reach: Reach): boolean {
  return reach.kind === 'host' || (reach.kind === 'published' && reach.host === '127.0.0.1');
}

function ownNetworkOf(
  { networking, publishedPorts: published, labels }: ContainerFacts,
  isItsOwn: boolean,
): OwnNetwork {
  const service = taskOf(labels)?.service;
  const attachments = networking.kind === 'networks' ? networking.attachments : [];
  const [address] = attachments.flatMap(({ ipv4, ipv6 }) => ipv4 ?? ipv6 ?? []);
  const isOnLan = attachments.some(({ driver }) => lanDrivers.has(driver));
  return {
    ...(isItsOwn && { attachments }),
    ...(!isOnLan && { published }),
    ...(address !== undefined && { address }),
    ...(service !== undefined && { service }),
  };
}

function fromInside({ gateway }: Position, { networking }: ContainerFacts): Reach {
  const attachments = networking.kind === 'networks' ? networking.attachments : [];
  const shared = attachments.filter(({ name, networkId }) => networkId !== '' && name !== gatewayBridge);
  const networkIds = new Set(shared.map(({ networkId }) => networkId));
  return { kind: 'networks', networkIds, ...(gateway !== undefined && { gateway }) };
}

/**
 * The reach of a Sealane whose engine has no container for it: Sealane is on the engine's host, or on another machine.
 */
function fromOutside(position: Position): Reach {
  const { target, sshHost } = position;
  if (!isLocal(target)) return { kind: 'published', host: target.kind === 'socket' ? here : (sshHost ?? target.host) };
  const because = whyApart(position);
  return because === undefined ? { kind: 'host' } : { kind: 'published', host: here, because };
}

const here = '127.0.0.1';

/**
 * Why the containers of an engine on this machine can't be reached. The engine of macOS and Windows, that of Docker
 * Desktop on Linux and one on another kernel run in a virtual machine; a rootless engine runs in a network namespace of
 * its own. They forward published ports to this machine.
 */
function whyApart({ platform, kernel, installation }: Position): 'virtual-machine' | 'rootless' | undefined {
  const isForeign = kernel !== undefined && installation?.kernel !== undefined && installation.kernel !== kernel;
  if (platform !== 'linux' || isForeign || /^Docker Desktop\b/.test(installation?.platform ?? ''))
    return 'virtual-machine';
  return installation?.rootless === true ? 'rootless' : undefined;
}
