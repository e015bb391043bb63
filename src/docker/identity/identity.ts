import { access, readFile } from 'node:fs/promises';
import { endianness, hostname, networkInterfaces, release } from 'node:os';
import { printable } from '../../text/printable.ts';
import type { Engine, EngineInstallation } from '../engine.ts';
import { defaultGateway, parseRoutes } from '../../network/kernel-routes.ts';
import { isLocal, parseEngineUrl } from '../engine-url.ts';
import type { ContainerFacts, Vantage } from '../facts.ts';
import { idFromCgroup, idFromHostname, idFromMountinfo } from './identity-sources.ts';
import { sshHostOf } from './ssh-host.ts';
import { vantageOf } from './vantage.ts';

/**
 * Finds out which container Sealane itself runs in, if any, and from that its vantage. What /proc suggests counts only
 * if the engine confirms it.
 */
export interface IdentityInputs {
  /** The engine's address. */
  readonly endpoint: string;
  readonly platform: NodeJS.Platform;
  /** The value of the setting `self`: an id or name. */
  readonly selfId?: string | undefined;
  /** The texts of /proc/self/cgroup and /proc/self/mountinfo; empty where the file does not exist. */
  readonly cgroup: string;
  readonly mountinfo: string;
  readonly hostname: string;
  /** The gateway of the default route, in dotted form. */
  readonly gateway?: string | undefined;
  /** The addresses of this machine's interfaces, without loopback and link-local ones. */
  readonly addresses: readonly string[];
  /** Whether the marker file of Docker or Podman exists. */
  readonly inContainer: boolean;
  /** The release of this machine's kernel, as uname(2) has it. */
  readonly kernel?: string | undefined;
  /** The host that ssh connects to, where the engine's address is an ssh:// one. */
  readonly sshHost?: string | undefined;
}

export interface Located {
  readonly vantage: Vantage;
  /** The containers whose network changes change the vantage: Sealane's own, and the one whose network it shares. */
  readonly networkOwners: readonly string[];
  /** A remark for the user about how the vantage was determined. */
  readonly note?: string;
}

/** Rejects with an `EngineError` when a call to the engine fails. */
export async function determineVantage(engine: Engine, inputs: IdentityInputs, signal?: AbortSignal): Promise<Located> {
  const self = await findSelf(engine, inputs, signal);
  const parent = self?.networking.kind === 'container' ? await engine.inspect(self.networking.of, signal) : undefined;
  const target = parseEngineUrl(inputs.endpoint);
  const installation = self || !isLocal(target) ? undefined : await engine.installation?.(signal);
  const vantage = vantageOf({ ...inputs, target, self, parent, installation });
  const notes = [unknownSetting(inputs, self), unknownKind(installation)].filter((note) => note !== undefined);
  return {
    vantage,
    networkOwners: [self, parent].flatMap((container) => container?.id ?? []),
    ...(notes.length > 0 && { note: notes.join('; ') }),
  };
}

function unknownSetting({ selfId }: IdentityInputs, self: ContainerFacts | undefined): string | undefined {
  if (selfId === undefined || (self && isNamed(self, selfId))) return undefined;
  return `the engine has no container ${printable(selfId)}, which the setting says Sealane runs in`;
}

function unknownKind(installation: EngineInstallation | undefined): string | undefined {
  if (installation?.unanswered === undefined) return undefined;
  return (
    `it is not known whether the engine is rootless or in a virtual machine, and it is taken for an ordinary one ` +
    `(${printable(installation.unanswered, 250)})`
  );
}

/** Inspects the candidates in order; returns the first container that the engine confirms. */
async function findSelf(
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
    // An engine inspects by name, too: the candidate may be the name of another container.
    if (facts && (candidate === inputs.selfId || facts.id.startsWith(candidate))) return facts;
  }
  // Addresses prove little, so they are compared only if this process is in a container at all.
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

function isNamed(facts: ContainerFacts, idOrName: string): boolean {
  return facts.name === idOrName || facts.id.startsWith(idOrName);
}

/** Reads the inputs from this machine. Rejects only where `endpoint` is no address, as that of an engine still looked for. */
export async function readIdentityInputs(endpoint: string, selfId?: string): Promise<IdentityInputs> {
  const target = parseEngineUrl(endpoint);
  const [cgroup, mountinfo, routes, docker, podman, sshHost] = await Promise.all([
    textOf('/proc/self/cgroup'),
    textOf('/proc/self/mountinfo'),
    textOf('/proc/net/route'),
    exists('/.dockerenv'),
    exists('/run/.containerenv'),
    target.kind === 'ssh' ? sshHostOf(target) : undefined,
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
    gateway: defaultGateway(parseRoutes(routes, endianness() === 'BE')),
    addresses,
    inContainer: docker || podman,
    kernel: release(),
    sshHost,
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
