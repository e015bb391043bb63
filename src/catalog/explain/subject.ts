import { isUnix } from '../../address/address.ts';
import { findByPattern } from '../../address/name-patterns.ts';
import { publishedAddresses } from '../../address/published.ts';
import { parseListen } from '../../address/listen.ts';
import { didYouMean } from '../../text/did-you-mean.ts';
import { nameOnEngine } from '../container-name.ts';
import { indexService, type TaskTag } from '../declaration.ts';
import type { Service, ServiceRoute } from '../service.ts';
import type { ContainerView, ExplainWorld, SwarmServiceView } from './world.ts';

/**
 * Resolves the text of a question to its subject: a port, a service by its whole name, the part after the project or a
 * Swarm's own name of it, a container by name, id or task, or a compose service that declares nothing. Pure.
 */
export type Subject =
  | { readonly kind: 'service'; readonly services: readonly Service[] }
  | { readonly kind: 'container'; readonly container: ContainerView }
  /** A service of a Swarm that declares nothing. */
  | { readonly kind: 'swarm-service'; readonly service: SwarmServiceView }
  /** Containers of several engines have the name. */
  | { readonly kind: 'several'; readonly names: readonly string[] }
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
  const short = services.filter((one) => shortNames(one.name, world).includes(text) || isOfSwarmService(one, text));
  if (short.length > 0) return { kind: 'service', services: short };
  const containers = [...world.containers(), ...world.inspected];
  const namesakes = containers.filter((one) => nameOnEngine(one) === text);
  const container =
    containers.find(({ name }) => name === text) ??
    (namesakes.length === 1 ? namesakes[0] : undefined) ??
    (/^[0-9a-f]{4,64}$/.test(text) ? containers.find(({ id }) => id.startsWith(text)) : undefined) ??
    liveliest(
      containers.filter(({ task }) => task && isTask(task, text)),
      services,
    ) ??
    mostTelling(containers.filter((one) => isCreatedFor(one, text)));
  if (container) return { kind: 'container', container };
  if (namesakes.length > 1) return { kind: 'several', names: namesakes.map(({ name }) => name) };
  const inSwarm = world.swarm?.find(text);
  if (inSwarm) return { kind: 'swarm-service', service: inSwarm };
  const byHost = resolveHost(text, services, world);
  if (byHost) return byHost;
  return { kind: 'unknown', suggestions: suggest(text, services, containers, world) };
}

/** The names by which a service is found, too: the part after the project, and what is left without the engine. */
function shortNames(name: string, { engines }: ExplainWorld): readonly string[] {
  const short = name.slice(name.indexOf('/') + 1);
  return engines.some((engine) => engine.name !== undefined) ? [short, short.replace(/@[^@:]*(?=:|$)/, '')] : [short];
}

/** Whether the text is a Swarm's own name of the service, as `shop_web` is of `shop/web`. */
function isOfSwarmService({ declarers, upstreams }: Service, text: string): boolean {
  return (
    declarers.some((one) => one.kind === 'container' && one.task?.service === text) ||
    upstreams.some(({ declared }) => declared.task?.service === text)
  );
}

/** `shop_web.2`, or `shop_agent.node1` for a task of a global service. */
function isTask({ name, service, slot, node }: TaskTag, text: string): boolean {
  return name === text || (slot === undefined && `${service}.${node}` === text);
}

/** In an update, an old and a new container may run the same task: the one that takes clients is meant. */
function liveliest(containers: readonly ContainerView[], services: readonly Service[]): ContainerView | undefined {
  if (containers.length < 2) return containers[0];
  const upstreams = services.flatMap((one) => one.upstreams);
  const takers = new Set(
    upstreams.flatMap(({ declared, state }) => (state.kind === 'draining' ? [] : (declared.run?.id ?? []))),
  );
  const running = containers.filter(({ state }) => state === 'running');
  return containers.find(({ id }) => takers.has(id)) ?? running.at(-1) ?? mostTelling(containers.toReversed());
}

/** Beside a task that failed, the next one waits for its time to start, and has nothing to say. */
function mostTelling(containers: readonly ContainerView[]): ContainerView | undefined {
  return containers.find(({ told }) => told?.stage === 'ended') ?? containers[0];
}

function isCreatedFor({ createdFor, task }: ContainerView, text: string): boolean {
  return createdFor === text || createdFor?.endsWith(`/${text}`) === true || task?.service === text;
}

/** The port of a text such as `5432`, `:5432` or `127.0.0.1:5432`. */
function portOf(text: string): number | undefined {
  const listen = parseListen(text.toLowerCase());
  return listen?.host !== undefined && isUnix(listen.host) ? undefined : listen?.port;
}

/** The subject of a URL, or of a host that routes name, such as `api.localhost:8080`. */
function resolveHost(text: string, services: readonly Service[], world: ExplainWorld): Subject | undefined {
  const isUrl = text.includes('://');
  const url = URL.parse(isUrl ? text : `http://${text}`);
  if (!url) return undefined;
  // A route for any name says nothing of a text that may be a misspelt name of something else.
  const named = routesFor(url.hostname.toLowerCase(), services, isUrl || /[.:]/.test(text));
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const onPort = named.filter(({ route }) => isMeantBy(port, route, world));
  const meant = new Set((onPort.length > 0 ? onPort : named).map(({ service }) => service));
  if (meant.size > 0) return { kind: 'service', services: [...meant] };
  if (!isUrl) return undefined;
  // On a port that is routed by name, a name that no route has gets nowhere; an address says no more than its port.
  const names = isAddress(url.hostname) ? [] : namesOn(port, services, world);
  return names.length > 0 ? { kind: 'unknown', suggestions: names } : resolvePort(port, services, world);
}

function isAddress(hostname: string): boolean {
  return hostname === 'localhost' || hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
}

/** The names by which all services on a port are told apart; none where one of them takes every client. */
function namesOn(port: number, services: readonly Service[], world: ExplainWorld): readonly string[] {
  // The index serves clients whose name no service has: they get nowhere else.
  const others = services.filter(({ name }) => name !== indexService);
  const routes = others.flatMap((service) => service.routes.filter((route) => isMeantBy(port, route, world)));
  const names = routes.flatMap(({ selectors }) => selectors.map((one) => (one.kind === 'default' ? '*' : one.pattern)));
  return names.includes('*') ? [] : [...new Set(names)].slice(0, mostNames);
}

const mostNames = 3;

interface Named {
  readonly service: Service;
  readonly route: ServiceRoute;
}

/** The routes that get a host's clients: on each address, for each kind of name, the one with the pattern nearest to it. */
function routesFor(host: string, services: readonly Service[], withAny: boolean): Named[] {
  const names = new Map<string, Map<string, Named>>();
  for (const service of services) {
    for (const route of service.routes) {
      for (const one of route.selectors) {
        if (one.kind === 'default' || (one.pattern === '*' && !withAny)) continue;
        // Where Sealane terminates TLS, clients ask for an HTTP host as a server name.
        const key = `${one.tls === 'terminate' ? 'sni' : one.kind} ${route.listen}`;
        const byPattern = names.get(key) ?? new Map<string, Named>();
        names.set(key, byPattern.set(one.pattern, { service, route }));
      }
    }
  }
  return [...names.values()].flatMap((byPattern) => findByPattern(byPattern, host) ?? []);
}

function resolvePort(port: number, all: readonly Service[], world: ExplainWorld): Subject {
  const services = all.filter((one) => listensOn(one, port, world));
  if (services.length > 0) return { kind: 'port', port, services, container: undefined };
  const container = [...world.containers(), ...world.inspected].find(({ asksFor }) => asksFor(port));
  return { kind: 'port', port, services, container };
}

/** Whether the service is meant by a port: one that it listens on, or one that is published for it. */
function listensOn({ routes }: Service, port: number, world: ExplainWorld): boolean {
  return routes.some((route) => isMeantBy(port, route, world));
}

function isMeantBy(port: number, route: ServiceRoute, { catalog: { publishedPorts = [] } }: ExplainWorld): boolean {
  const { host, port: wanted, openPort } = route;
  const own = openPort ?? wanted;
  if (own !== 0 && own === port) return true;
  return publishedAddresses({ host, port: own }, publishedPorts).some((one) => one.port === port);
}

function suggest(
  text: string,
  services: readonly Service[],
  containers: readonly ContainerView[],
  world: ExplainWorld,
): string[] {
  const whole = new Map<string, string>();
  for (const { name } of services) {
    const [short = name, ...withoutEngine] = shortNames(name, world);
    whole.set(name, name).set(short, name);
    // It stands for the services of all engines.
    for (const bare of withoutEngine) if (bare !== short) whole.set(bare, bare);
  }
  for (const { name, task } of containers) {
    whole.set(name, name);
    if (task) whole.set(task.name, task.name).set(task.service, task.service);
  }
  for (const name of [...world.otherNames, ...(world.swarm?.names() ?? [])]) whole.set(name, name);
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
