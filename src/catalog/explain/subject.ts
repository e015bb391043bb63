import { isUnix } from '../../address/address.ts';
import { publishedAddresses } from '../../address/published.ts';
import { parseListen } from '../../address/listen.ts';
import { didYouMean } from '../../text/did-you-mean.ts';
import type { Service } from '../service.ts';
import type { ContainerView, ExplainWorld } from './world.ts';

/**
 * Resolves the text of a question to its subject: a port, a service by its whole name or the part after the project, a
 * container by name or id, or a compose service that declares nothing. Pure.
 */
export type Subject =
  | { readonly kind: 'service'; readonly services: readonly Service[] }
  | { readonly kind: 'container'; readonly container: ContainerView }
  | {
      readonly kind: 'port';
      readonly port: number;
      readonly services: readonly Service[];
      /** Where no service listens on the port: the container whose labels ask for it. */
      readonly container: ContainerView | undefined;
    }
  | { readonly kind: 'unknown'; readonly suggestions: readonly string[] };

export function resolveSubject(text: string, world: ExplainWorld): Subject {
  const services = [...world.catalog.services.values()];
  const port = portOf(text);
  if (port !== undefined) return resolvePort(port, services, world);
  const exact = world.catalog.services.get(text);
  if (exact) return { kind: 'service', services: [exact] };
  const byHost = resolveHost(text, services, world);
  if (byHost) return byHost;
  const short = services.filter(({ name }) => name.slice(name.indexOf('/') + 1) === text);
  if (short.length > 0) return { kind: 'service', services: short };
  const containers = [...world.containers(), ...world.inspected];
  const container =
    containers.find(({ name }) => name === text) ??
    (/^[0-9a-f]{4,64}$/.test(text) ? containers.find(({ id }) => id.startsWith(text)) : undefined) ??
    containers.find(({ composeService }) => composeService === text || composeService?.endsWith(`/${text}`));
  if (container) return { kind: 'container', container };
  return { kind: 'unknown', suggestions: suggest(text, services, containers, world.otherNames) };
}

/** The port of a text such as `5432`, `:5432` or `127.0.0.1:5432`. */
function portOf(text: string): number | undefined {
  const listen = parseListen(text.toLowerCase());
  return listen?.host !== undefined && isUnix(listen.host) ? undefined : listen?.port;
}

/** The subject of a URL, or of a host that routes name, such as `api.localhost:8080`. */
function resolveHost(text: string, services: readonly Service[], world: ExplainWorld): Subject | undefined {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  if (!url) return undefined;
  const named = services.filter(({ routes }) =>
    routes.some(({ selectors }) =>
      selectors.some((one) => one.kind !== 'default' && covers(one.pattern, url.hostname)),
    ),
  );
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const onPort = named.filter((one) => listensOn(one, port, world));
  if (named.length > 0) return { kind: 'service', services: onPort.length > 0 ? onPort : named };
  return text.includes('://') ? resolvePort(port, services, world) : undefined;
}

function covers(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}

function resolvePort(port: number, all: readonly Service[], world: ExplainWorld): Subject {
  const services = all.filter((one) => listensOn(one, port, world));
  if (services.length > 0) return { kind: 'port', port, services, container: undefined };
  const container = [...world.containers(), ...world.inspected].find(({ asksFor }) => asksFor(port));
  return { kind: 'port', port, services, container };
}

/** Whether the service is meant by a port: one that it listens on, or one that is published for it. */
function listensOn({ routes }: Service, port: number, { catalog: { publishedPorts = [] } }: ExplainWorld): boolean {
  return routes.some(({ host, port: wanted, openPort }) => {
    const own = openPort ?? wanted;
    if (own !== 0 && own === port) return true;
    return publishedAddresses({ host, port: own }, publishedPorts).some((one) => one.port === port);
  });
}

function suggest(
  text: string,
  services: readonly Service[],
  containers: readonly ContainerView[],
  others: readonly string[],
): string[] {
  const whole = new Map<string, string>();
  for (const { name } of services) {
    // A service is also found by the part of its name after the project.
    whole.set(name, name).set(name.slice(name.indexOf('/') + 1), name);
  }
  for (const { name } of containers) whole.set(name, name);
  for (const name of others) whole.set(name, name);
  const meant: string[] = [];
  for (let left = 3; left > 0; left -= 1) {
    const best = didYouMean(text, whole.keys());
    if (best === undefined) break;
    const name = whole.get(best) ?? best;
    if (!meant.includes(name)) meant.push(name);
    whole.delete(best);
  }
  return meant;
}
