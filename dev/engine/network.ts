import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { run } from '../machine/command.ts';

/**
 * The network of a private engine: a bridge of its own and a /16 that nothing else uses. The whole /16 is routed to
 * `unreachable`, so that a packet for a removed container never leaves the machine.
 */
export interface EngineNetwork {
  readonly bridge: string;
  /** The engine's address range, e.g. `10.77.0.0/16`. */
  readonly pool: string;
  /** The range for the engine's user-defined networks: the upper half of the pool. */
  readonly addressPool: string;
}

const routesSchema = z.array(z.object({ dst: z.string() }));
const addressesSchema = z.array(
  z.object({
    ifname: z.string().optional(),
    addr_info: z.array(z.object({ local: z.string().optional() })).optional(),
  }),
);

/** The second octets of the candidate /16s: VPNs, clouds and Docker itself seldom use the middle of 10/8. */
const candidates = Array.from({ length: 64 }, (_, index) => 96 + index);

/**
 * Claims a free /16 and creates its bridge. `name` is the bridge's name: at most 15 characters, a limit of the kernel.
 */
export async function createNetwork(name: string): Promise<EngineNetwork> {
  const taken = await takenAddresses();
  for (const octet of shuffled(candidates.filter((candidate) => !isTaken(candidate, taken)))) {
    const pool = `10.${octet}.0.0/16`;
    // Adding the route claims the range: the command fails when another private engine has added it meanwhile.
    const claimed = await run('ip', ['route', 'add', 'unreachable', pool]).then(
      () => true,
      (error: unknown) => {
        if (String(error).includes('File exists')) return false;
        throw error;
      },
    );
    if (!claimed) continue;
    await run('ip', ['link', 'add', name, 'type', 'bridge']);
    await run('ip', ['address', 'add', `10.${octet}.0.1/24`, 'dev', name]);
    await run('ip', ['link', 'set', name, 'up']);
    return { bridge: name, pool, addressPool: `10.${octet}.128.0/17` };
  }
  throw new Error('no free private address range for a private engine: every 10.96.0.0 to 10.159.0.0 /16 is routed');
}

/** The devices with an address of the pool: the bridge of `createNetwork`, and one for each network of the engine. */
export async function bridgesOf(pool: string): Promise<string[]> {
  const devices = addressesSchema.parse(JSON.parse(await run('ip', ['-json', 'address', 'show'])));
  return devices.flatMap((device) => {
    const ours = device.addr_info?.some((address) => address.local?.startsWith(poolPrefix(pool))) ?? false;
    return ours && device.ifname !== undefined ? [device.ifname] : [];
  });
}

/** The prefix of every address of the pool, e.g. `10.77.`. */
export function poolPrefix(pool: string): string {
  return pool.replace('0.0/16', '');
}

/** Removes every bridge of the pool, then the route. It acts on what it finds, so it may be repeated. */
export async function removeNetwork(pool: string): Promise<void> {
  for (const bridge of await bridgesOf(pool)) await removeBridge(bridge);
  await run('ip', ['route', 'del', 'unreachable', pool]).catch(() => {});
}

/** Removes the ports of a bridge first: without the bridge they would remain, unattached. */
async function removeBridge(bridge: string): Promise<void> {
  const ports = addressesSchema.parse(JSON.parse(await run('ip', ['-json', 'address', 'show', 'master', bridge])));
  for (const port of [...ports.map((device) => device.ifname), bridge]) {
    if (port !== undefined) await run('ip', ['link', 'del', port]).catch(() => {});
  }
}

/**
 * Two neighbouring addresses, which no router knows (RFC 3927) and this machine does not have. They lie below 169.254.96.0:
 * from there on, the third byte is the second one of a pool, and clouds have addresses of their services.
 */
export async function freeLinkLocalPair(): Promise<readonly [string, string]> {
  const devices = addressesSchema.parse(JSON.parse(await run('ip', ['-json', 'address', 'show'])));
  const taken = new Set(devices.flatMap((device) => device.addr_info?.map(({ local }) => local) ?? []));
  for (;;) {
    const [network, first] = [`169.254.${1 + randomInt(95)}`, 2 * randomInt(128)];
    const pair = [`${network}.${first}`, `${network}.${first + 1}`] as const;
    if (!pair.some((address) => taken.has(address))) return pair;
  }
}

/**
 * Connects the network namespace of the process with this machine, by two devices and two neighbouring addresses: `here`
 * of `device`, and `there` of the device `outside` in the namespace.
 */
export async function connectNamespace(pid: number, device: string, here: string, there: string): Promise<void> {
  await run('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', 'outside', 'netns', String(pid)]);
  await run('ip', ['address', 'add', `${here}/31`, 'dev', device]);
  await run('ip', ['link', 'set', device, 'up']);
  const inside = [`--net=/proc/${pid}/ns/net`, 'ip'];
  await run('nsenter', [...inside, 'address', 'add', `${there}/31`, 'dev', 'outside']);
  await run('nsenter', [...inside, 'link', 'set', 'outside', 'up']);
}

/** Destinations of routes, own addresses and name servers: the pool must contain none of them. */
async function takenAddresses(): Promise<string[]> {
  const routes = routesSchema.parse(JSON.parse(await run('ip', ['-json', '-4', 'route', 'show', 'table', 'all'])));
  const resolvers = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  const servers = [...resolvers.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)/gm)].map((match) => match[1] ?? '');
  return [...routes.map((route) => route.dst), ...servers];
}

/**
 * True when `taken` holds an address or network that overlaps 10.<octet>.0.0/16. The default route overlaps nothing.
 */
export function isTaken(octet: number, taken: readonly string[]): boolean {
  return taken.some((entry) => {
    const match = /^(\d+)\.(\d+)\.\d+\.\d+(?:\/(\d+))?$/.exec(entry);
    if (match === null || match[1] !== '10') return false;
    const bits = Number(match[3] ?? 32);
    if (bits >= 16) return Number(match[2]) === octet;
    if (bits < 8) return bits > 0;
    const step = 2 ** (16 - bits);
    return Math.floor(Number(match[2]) / step) === Math.floor(octet / step);
  });
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value);
}
