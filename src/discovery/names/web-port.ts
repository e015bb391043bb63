import { protocolOfPort } from '../../config/names/protocol-ports.ts';
import type { ContainerFacts } from '../../docker/facts.ts';
import { listed } from '../../text/listed.ts';
import { quoted } from '../../text/printable.ts';
import { portsNamed } from '../port-choice.ts';
import { isWebPort, rankOfPort, serverOfImage } from './known-servers.ts';

/**
 * Chooses the port of a container that browsers are led to, and says why this one, or why none. Pure.
 */
export type WebPort =
  | { readonly kind: 'found'; readonly port: number; readonly because: string }
  | { readonly kind: 'none'; readonly because: string };

interface Imaged {
  readonly image?: string | undefined;
}

type Exposing = Pick<ContainerFacts, 'exposedPorts'> & Imaged;

/** The ports on which the process itself ends TLS. */
const tlsPorts: ReadonlySet<number> = new Set([443, 8443]);

export function chooseWebPort({ exposedPorts, image }: Exposing): WebPort {
  const server = serverOfImage(image);
  if (server !== undefined) return none(`its image is ${quoted(server)}, which serves no web pages`);
  if (exposedPorts.length === 0) return none('it exposes no TCP port');
  const plain = exposedPorts.filter((port) => protocolOfPort(port) === undefined);
  if (plain.length === 0) return none(`${portsWithProtocols(exposedPorts)} of other protocols than HTTP`);
  const web = plain.filter((port) => !tlsPorts.has(port));
  if (web.length === 0) return none(`it speaks TLS itself on ${portsNamed(plain)}`);
  const [port = 0, ...others] = web.toSorted((a, b) => rankOfPort(a) - rankOfPort(b) || a - b);
  if (exposedPorts.length === 1) return found(port, 'its only exposed port');
  if (others.length === 0)
    return found(port, `the only one of its ports ${portsNamed(exposedPorts)} that may speak HTTP`);
  const why = isWebPort(port) ? 'the likeliest web port' : 'the lowest';
  return found(port, `${why} of its ports ${portsNamed(exposedPorts)}`);
}

/** Whether clients of a labelled port are taken for browsers rather than for clients of a database. */
export function maySpeakHttp(port: number, { image }: Imaged): boolean {
  if (protocolOfPort(port) !== undefined) return false;
  return isWebPort(port) || serverOfImage(image) === undefined;
}

function found(port: number, because: string): WebPort {
  return { kind: 'found', port, because };
}

function none(because: string): WebPort {
  return { kind: 'none', because };
}

function portsWithProtocols(ports: readonly number[]): string {
  const shown = listed(ports.map((port) => `${port} (${protocolOfPort(port) ?? ''})`));
  return ports.length === 1 ? `its port ${shown} is` : `its ports ${shown} are`;
}
