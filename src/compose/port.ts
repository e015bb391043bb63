import { isIP } from 'node:net';
import { parsePort } from '../address/port.ts';
import { textsOf } from './shape.ts';
import type { SourceLocation } from './location.ts';
import type { Tree } from './tree.ts';

/** One port of a container, and the host's port that publishes it. */
export interface ComposePort {
  readonly container: number;
  /** Undefined where the engine chooses a free port, of a range or of all. */
  readonly host: number | undefined;
  /** The host's address; '' for all addresses. */
  readonly hostIp: string;
  readonly protocol: string;
  /** Whether a Swarm publishes it on the nodes of its tasks only (`mode: host`), instead of on every node. */
  readonly isHostMode: boolean;
  readonly location: SourceLocation;
}

const short = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?(?:(\d*)(?:-(\d+))?:)?(\d+)(?:-(\d+))?(?:\/(\w+))?$/;

/** Reads `8080:80`, `127.0.0.1:8080-8090:80-90/tcp` or `{target: 80, published: 8080}`; undefined for other trees. */
export function readPort(tree: Tree): ComposePort[] | undefined {
  if (tree.kind === 'map') {
    const text = (name: string): string => textsOf(tree.entries.get(name)?.value)[0] ?? '';
    const written = { published: text('published'), target: text('target'), protocol: text('protocol') };
    return expand({ ...written, hostIp: text('host_ip'), isHostMode: text('mode') === 'host' }, tree.location);
  }
  if (tree.kind !== 'leaf') return undefined;
  const match = short.exec(tree.text);
  if (!match) return undefined;
  const [, bracketed, ip = '', hostFrom, hostTo, from = '', to, protocol = ''] = match;
  // `8080:80` is two ports, not an address and a port.
  const isPort = bracketed === undefined && hostFrom === undefined && /^\d+(?:-\d+)?$/.test(ip);
  const published = isPort ? ip : range(hostFrom ?? '', hostTo);
  const hostIp = isPort ? '' : (bracketed ?? ip);
  return expand({ hostIp, published, target: range(from, to), protocol, isHostMode: false }, tree.location);
}

function range(from: string, to: string | undefined): string {
  return to === undefined ? from : `${from}-${to}`;
}

/** The parts of a mapping, as they are written; '' where one is not. */
interface WrittenPort extends Pick<ComposePort, 'hostIp' | 'protocol' | 'isHostMode'> {
  readonly published: string;
  readonly target: string;
}

function expand(
  { hostIp, published, target, protocol, isHostMode }: WrittenPort,
  location: SourceLocation,
): ComposePort[] | undefined {
  const containers = portsOf(target);
  const hosts = portsOf(published);
  if (!containers || containers.length === 0 || !hosts) return undefined;
  if (hostIp !== '' && isIP(hostIp) === 0) return undefined;
  return containers.map((container, index) => ({
    container,
    // A range for one port lets the engine choose; a range for as many ports maps one to one.
    host: hosts.length === containers.length ? hosts[index] : undefined,
    hostIp,
    protocol: protocol === '' ? 'tcp' : protocol,
    isHostMode,
    location,
  }));
}

/** The ports of `80`, `80-90` or an empty text; undefined for other texts. */
export function portsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?(?:\/\w+)?$/.exec(text) ?? [];
  const from = parsePort(first);
  const to = parsePort(last);
  if (from === undefined || to === undefined || to < from || (from === 0 && to > 0)) return undefined;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
