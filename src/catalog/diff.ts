import { formatAddress, type Address } from '../address/address.ts';
import { shownAddress } from '../address/published.ts';
import type { LogEvent } from '../telemetry/log-events.ts';
import { formatDuration } from '../text/duration.ts';
import type { Catalog } from './catalog.ts';
import type { Service } from './service.ts';
import { namesOf } from './declaration.ts';
import { exposureInWords, exposureKey } from './exposure.ts';
import { problemKey, type ProblemCode } from './problem.ts';
import { selectorName } from './route.ts';
import type { ServiceUpstream } from './upstream.ts';

/**
 * Describes what changed between two catalogs: one line for each change, with the upstream and the reason. Pure.
 */
export interface Change {
  readonly level: 'info' | 'warn';
  /** The stable name of the change, for programs that read the log, e.g. `upstream-added`. */
  readonly event: ChangeEvent;
  readonly message: string;
  readonly service?: string;
  readonly upstream?: string;
  /** The address on which a route is served, with the route's names if it has some. */
  readonly listen?: string;
  /** The upstream's addresses. */
  readonly endpoints?: string;
  /** The upstream's state, and the reason for it. */
  readonly state?: string;
  readonly reason?: string;
  /** The kind of problem, and the container, service or file that it is about. */
  readonly code?: string;
  readonly subject?: string;
}

type ChangeEvent = Extract<
  LogEvent,
  | `service-${'added' | 'removed' | 'lingers'}`
  | `name-${string}`
  | `route-${string}`
  | `upstream-${string}`
  | `stand-in-${string}`
  | `problem${string}`
>;

export function diffCatalogs(before: Catalog, after: Catalog): readonly Change[] {
  if (before === after) return [];
  return [...diffServices(before, after), ...diffExposed(before, after), ...diffProblems(before, after)];
}

/** What is no longer exposed is said by its service, or its container is gone. */
function diffExposed({ exposed: before = [] }: Catalog, { exposed: after = [] }: Catalog): Change[] {
  if (before === after) return [];
  const known = new Set(before.map(exposureKey));
  return after
    .filter((one) => !known.has(exposureKey(one)))
    .map((one) => ({
      level: 'info',
      event: one.host === undefined ? 'name-refused' : 'name-given',
      subject: one.container,
      reason: one.because,
      message: exposureInWords(one),
    }));
}

function diffServices(before: Catalog, after: Catalog): Change[] {
  const changes: Change[] = [];
  const elsewhere = servicesByUpstream(before, after);
  for (const [name, next] of after.services) {
    const previous = before.services.get(name);
    if (previous === next) continue;
    if (!previous)
      changes.push(info('service-added', name, `service ${name} declared by ${namesOf(next.declarers).join(', ')}`));
    changes.push(...diffRoutes(previous, next, after.publishedPorts), ...diffUpstreams(previous, next, elsewhere));
    if (next.lingersUntilMs !== undefined && previous?.lingersUntilMs === undefined && next.routes.length > 0) {
      const stays = next.standIn
        ? 'its stand-in serves it'
        : `its port stays open for ${formatDuration(next.pool.holdMs)}`;
      changes.push(info('service-lingers', name, `service ${name} has no container left; ${stays}`));
    }
  }
  for (const [name, previous] of before.services) {
    if (after.services.has(name)) continue;
    changes.push(...previous.upstreams.map((one) => removed(name, one, elsewhere)));
    changes.push(info('service-removed', name, `service ${name} removed: nothing declares it any more`));
  }
  return changes;
}

/** Compares only what clients can use: a route is added when its port opens, not when it is declared. */
function diffRoutes(previous: Service | undefined, next: Service, ports: Catalog['publishedPorts']): Change[] {
  const before = openRoutes(previous);
  const after = openRoutes(next);
  const change = (event: 'route-opened' | 'route-closed', verb: string, { address, names }: ServedAddress): Change => ({
    ...info(event, next.name, `${next.name} ${verb} on ${shownAddress(address, ports)}${names}`),
    listen: `${formatAddress(address)}${names}`,
  });
  return [
    ...places(after, before).map((place) => change('route-opened', 'is served', place)),
    ...places(before, after).map((place) => change('route-closed', 'is no longer served', place)),
  ];
}

interface OpenRoute {
  readonly address: Address;
  /** The service's names there; '' stands for the default. */
  readonly names: ReadonlySet<string>;
}

/** The routes of the service whose address is open, by address. */
function openRoutes(service: Service | undefined): Map<string, OpenRoute> {
  const open = new Map<string, OpenRoute>();
  for (const { host, openPort, selectors } of service?.routes ?? []) {
    if (openPort === undefined) continue;
    const address = { host, port: openPort };
    const names = selectors.map((one) => (one.kind === 'default' ? '' : selectorName(one)));
    open.set(formatAddress(address), { address, names: new Set(names) });
  }
  return open;
}

interface ServedAddress {
  readonly address: Address;
  /** A text such as ` for host api.localhost, sni db.localhost`; empty for all clients. */
  readonly names: string;
}

/** Each address with names that `others` lacks. */
function places(all: ReadonlyMap<string, OpenRoute>, others: ReadonlyMap<string, OpenRoute>): ServedAddress[] {
  return [...all].flatMap(([key, { address, names: has }]) => {
    const names = [...has.difference(others.get(key)?.names ?? new Set())];
    if (names.length === 0) return [];
    return { address, names: names.includes('') ? '' : ` for ${names.join(', ')}` };
  });
}

/** Finds the service that an upstream moved to, which is one that changed. */
function servicesByUpstream(before: Catalog, after: Catalog): (key: string) => string | undefined {
  const index = new Map<string, string>();
  for (const [name, service] of after.services)
    if (before.services.get(name) !== service)
      for (const { declared } of service.upstreams) index.set(declared.key, name);
  return (key) => index.get(key);
}

function diffUpstreams(
  previous: Service | undefined,
  next: Service,
  elsewhere: (key: string) => string | undefined,
): Change[] {
  const before = new Map(previous?.upstreams.map((one) => [one.declared.key, one]));
  const changes: Change[] = [];
  for (const upstream of next.upstreams) {
    const known = before.get(upstream.declared.key);
    before.delete(upstream.declared.key);
    if (!known) changes.push(added(next.name, upstream));
    else if (known.state.kind !== upstream.state.kind) changes.push(moved(next.name, upstream));
    else if (known.weight !== upstream.weight) changes.push(reweighted(next.name, upstream));
  }
  for (const gone of before.values()) changes.push(removed(next.name, gone, elsewhere));
  return changes;
}

/** The watch of an engine tells itself that the engine is out of reach, and that it is back. */
const toldByWatch = 'engine-unreachable' satisfies ProblemCode;

function diffProblems(before: Catalog, after: Catalog): Change[] {
  const [old, all] = [before, after].map(({ problems }) => problems.filter(({ code }) => code !== toldByWatch));
  const known = new Map(old?.map((one) => [problemKey(one), one]));
  const changes: Change[] = [];
  for (const problem of all ?? []) {
    if (known.delete(problemKey(problem))) continue;
    const { code, subject, message, fix } = problem;
    changes.push({ level: 'warn', event: 'problem', code, subject, message: `${subject}: ${message}. ${fix}` });
  }
  for (const { code, subject, message } of known.values()) {
    changes.push({ level: 'info', event: 'problem-solved', code, subject, message: `solved: ${subject}: ${message}` });
  }
  return changes;
}

function added(service: string, { declared, state }: ServiceUpstream): Change {
  const where = declared.endpoints.map(formatAddress).join(', ');
  return {
    ...info(
      'upstream-added',
      service,
      `${declared.name}${where === '' ? '' : ` (${where})`} joined ${service}, ${state.kind}: ${state.reason}`,
    ),
    upstream: declared.name,
    endpoints: where,
    state: state.kind,
    reason: state.reason,
  };
}

function moved(service: string, { declared, state }: ServiceUpstream): Change {
  return {
    ...info('upstream-changed', service, `${declared.name} in ${service} is ${state.kind}: ${state.reason}`),
    upstream: declared.name,
    state: state.kind,
    reason: state.reason,
  };
}

function reweighted(service: string, { declared, weight }: ServiceUpstream): Change {
  return {
    ...info('upstream-changed', service, `${declared.name} in ${service} now has weight ${weight}`),
    upstream: declared.name,
  };
}

function removed(
  service: string,
  { declared, state }: ServiceUpstream,
  elsewhere: (key: string) => string | undefined,
): Change {
  const now = elsewhere(declared.key);
  if (state.kind === 'asleep' && now === undefined) {
    const message = `${declared.name} sleeps no longer in ${service}`;
    return { ...info('upstream-removed', service, message), upstream: declared.name };
  }
  const drainEnded = state.kind === 'draining' && state.untilMs !== Infinity && !wasStopped(declared);
  const why =
    now === undefined
      ? drainEnded
        ? 'its drain ended'
        : 'its process is gone'
      : `it belongs to ${now} now, and its sessions go with it`;
  return { ...info('upstream-removed', service, `${declared.name} left ${service}: ${why}`), upstream: declared.name };
}

function wasStopped({ condition }: ServiceUpstream['declared']): boolean {
  return condition.kind === 'stopping';
}

function info(event: ChangeEvent, service: string, message: string): Change {
  return { level: 'info', event, service, message };
}
