import { access, readFile } from 'node:fs/promises';
import { endianness, hostname, networkInterfaces } from 'node:os';
import { printable } from '../../text/printable.ts';
import type { Engine, EngineInstallation } from '../engine.ts';
import { parseEngineUrl } from '../engine-url.ts';
import type { ContainerFacts, Vantage } from '../facts.ts';
import { defaultGateway, idFromCgroup, idFromHostname, idFromMountinfo } from './identity-sources.ts';
import { vantageOf } from './vantage.ts';

/**
 * Which container Sealane itself runs in, if any: the engine must confirm what /proc suggests. From that, where it
 * stands in relation to all others.
 */
export interface IdentityInputs {
  /** The engine's address. */
  readonly endpoint: string;
  readonly platform: NodeJS.Platform;
  /** The setting: an id or name. */
  readonly selfId?: string | undefined;
  /** Text of /proc/self/cgroup, /proc/self/mountinfo; empty where there is none. */
  readonly cgroup: string;
  readonly mountinfo: string;
  readonly hostname: string;
  /** The default route's, in dotted form. */
  readonly gateway?: string | undefined;
  /** Our interfaces' addresses, without loopback and link-local ones. */
  readonly addresses: readonly string[];
  /** The marker file of Docker or Podman is there. */
  readonly inContainer: boolean;
}

export interface Located {
  readonly vantage: Vantage;
  /** Containers whose network changes change the vantage: ourselves, and the one whose network we share. */
  readonly networkOwners: readonly string[];
  /** What a person should know about how it was found out. */
  readonly note?: string;
}

/** Rejects with an `EngineError` when the engine cannot be asked. */
export async function determineVantage(engine: Engine, inputs: IdentityInputs, signal?: AbortSignal): Promise<Located> {
  const self = await findSelf(engine, inputs, signal);
  const parent = self?.networking.kind === 'container' ? await engine.inspect(self.networking.of, signal) : undefined;
  const target = parseEngineUrl(inputs.endpoint);
  const installation = self ? undefined : await installationOf(engine, signal);
  const vantage = vantageOf({ target, platform: inputs.platform, gateway: inputs.gateway, self, parent, installation });
  const unknownSetting = inputs.selfId !== undefined && !(self && isNamed(self, inputs.selfId));
  return {
    vantage,
    networkOwners: [self, parent].flatMap((container) => container?.id ?? []),
    ...(unknownSetting && {
      note: `the engine has no container ${printable(inputs.selfId ?? '')}, which the setting says Sealane runs in`,
    }),
  };
}

/** The first candidate that the engine confirms. */
export async function findSelf(
  engine: Engine,
  inputs: IdentityInputs,
  signal?: AbortSignal,
): Promise<ContainerFacts | undefined> {
  const candidates = [
    inputs.selfId,
    idFromCgroup(inputs.cgroup),
    idFromMountinfo(inputs.mountinfo),
    idFromHostname(inputs.hostname),
  ];
  for (const candidate of new Set(candidates)) {
    if (candidate === undefined || candidate === '') continue;
    const facts = await engine.inspect(candidate, signal);
    // An id's digits may also be another container's name.
    if (facts && (candidate === inputs.selfId || facts.id.startsWith(candidate))) return facts;
  }
  // Addresses prove little: only a process that is in a container at all is looked for by them.
  return inputs.inContainer ? findByAddress(engine, inputs.addresses, signal) : undefined;
}

async function findByAddress(
  engine: Engine,
  addresses: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ContainerFacts | undefined> {
  if (addresses.length === 0) return undefined;
  const rows = await engine.list(signal);
  const matching = rows.filter((row) => row.addresses.some((address) => addresses.includes(address)));
  const [only] = matching;
  return only && matching.length === 1 ? engine.inspect(only.id, signal) : undefined;
}

/** A socket proxy may forbid the question: then it is taken for an ordinary one. */
async function installationOf(
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<EngineInstallation | undefined> {
  try {
    return await engine.installation?.(signal);
  } catch {
    return undefined;
  }
}

function isNamed(facts: ContainerFacts, idOrName: string): boolean {
  return facts.name === idOrName || facts.id.startsWith(idOrName);
}

/** Reads what this machine tells. Never rejects. */
export async function readIdentityInputs(endpoint: string, selfId?: string): Promise<IdentityInputs> {
  const [cgroup, mountinfo, routes, docker, podman] = await Promise.all([
    textOf('/proc/self/cgroup'),
    textOf('/proc/self/mountinfo'),
    textOf('/proc/net/route'),
    exists('/.dockerenv'),
    exists('/run/.containerenv'),
  ]);
  const addresses = Object.values(networkInterfaces())
    .flatMap((addressesOfOne) => addressesOfOne ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
  return {
    endpoint,
    platform: process.platform,
    ...(selfId !== undefined && { selfId }),
    cgroup,
    mountinfo,
    hostname: hostname(),
    gateway: defaultGateway(routes, endianness() === 'BE'),
    addresses,
    inContainer: docker || podman,
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
