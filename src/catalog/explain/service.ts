import { severalRestarts } from '../problems/crash-loops.ts';
import { isUnix } from '../../address/address.ts';
import { publishedAddresses, shownAddress } from '../../address/published.ts';
import { howToAnswer, publishingLine } from '../advice.ts';
import { dockerCommand } from '../container-name.ts';
import { indexService } from '../declaration.ts';
import type { Service, ServiceRoute } from '../service.ts';
import { listenerProblem } from '../problems/listener-problems.ts';
import type { Problem } from '../problem.ts';
import { bad, causeOf } from './cause.ts';
import { asLastKnown, bringBack, calledEngine, engineNamesOf, isStatic, lostEngine, outOfReach } from './engines.ts';
import type { Diagnosis } from './explanation.ts';
import { diagnoseTold, removedService, servedAsLastKnown } from './swarm.ts';
import { diagnoseSwap, withoutSwap } from './swap.ts';
import { crashLoop, diagnoseUpstream, worstOf } from './upstream.ts';
import type { ContainerView, ExplainWorld } from './world.ts';

/**
 * Diagnoses what keeps clients from a service. The cause is the first fault on a client's way:
 * port, containers, addresses, health. Pure.
 */
export function diagnoseService(asked: Service, problems: readonly Problem[], world: ExplainWorld): Diagnosis {
  // A stand-in that was given back drains, which is no lack of the service's.
  const service = asked.standIn ? asked : withoutSwap(asked);
  const { name, routes, upstreams } = service;
  const open = routes.filter((route) => route.openPort !== undefined);
  if (open.length === 0) return diagnoseClosed(service, problems, world);
  const takers = upstreams.filter(({ state }) => state.kind === 'ready');
  const where = open
    .map(({ host, openPort }) => shownAddress({ host, port: openPort ?? 0 }, world.catalog.publishedPorts))
    .join(', ');
  if (service.standIn) return diagnoseSwap(service, where, diagnoseService(withoutSwap(service), problems, world));
  if (takers.length === 0)
    return asLastKnown(diagnoseUnready(service, problems, world), enginesOfUnready(service), world);
  if (takers.every(({ weight }) => weight === 0)) {
    return bad(
      'weight-zero',
      `all ready upstreams of ${name} have weight 0, so clients wait`,
      `Give one of them a weight above 0, ${isStatic(service) ? 'in the configuration' : 'by label'} or in the admin API.`,
    );
  }
  const worst = worstOf(upstreams.filter(({ state }) => state.kind !== 'asleep' || state.failure !== undefined));
  if (worst && worst.state.kind !== 'ready') {
    const diagnosis = asLastKnown(diagnoseUpstream(worst, world), [worst.declared.engine], world);
    return {
      ...diagnosis,
      verdict: 'degraded',
      summary: `${name} is served on ${where} by ${takers.length} of ${upstreams.length}; ${diagnosis.summary}`,
    };
  }
  const lost = lostEngine(isStatic(service) ? [] : engineNamesOf(service), world);
  if (lost) {
    return {
      verdict: 'degraded',
      cause: 'engine-unreachable',
      summary: `${name} is served on ${where} as last known: ${calledEngine(lost)} ${outOfReach(lost.status)}`,
      next: `${bringBack(lost)} Relaying goes on meanwhile.`,
    };
  }
  const asToldLast = servedAsLastKnown(service, `${name} is served on ${where}`, world);
  if (asToldLast) return asToldLast;
  const [problem] = problems;
  if (problem) {
    const what = problem.subject === name ? problem.message : `${problem.subject}: ${problem.message}`;
    return {
      verdict: 'degraded',
      cause: causeOf(problem),
      summary: `${name} is served on ${where}, but ${what}`,
      next: problem.fix,
    };
  }
  const shut = routes.find((route) => route.openPort === undefined);
  if (shut) return { ...diagnoseRoute(shut, world), verdict: 'degraded' };
  if (!open.some((route) => isReachableFromHost(route, world))) return notPublished(service, open, world);
  const by = takers.length === 1 ? `${takers[0]?.declared.name}` : `${takers.length} upstreams`;
  return { verdict: 'reachable', cause: 'fine', summary: `${name} is served on ${where} by ${by}`, next: undefined };
}

/** Whether clients outside of Sealane's container can reach the route. */
function isReachableFromHost({ host, openPort }: ServiceRoute, { catalog: { publishedPorts } }: ExplainWorld): boolean {
  if (publishedPorts === undefined || isUnix(host)) return true;
  return publishedAddresses({ host, port: openPort ?? 0 }, publishedPorts).length > 0;
}

function notPublished({ name }: Service, open: readonly ServiceRoute[], { ownService }: ExplainWorld): Diagnosis {
  const ports = [...new Set(open.flatMap(({ openPort }) => openPort ?? []))];
  const published = ports.map((port) => publishingLine(port, ownService !== undefined)).join(', ');
  const owner = ownService === undefined ? "Sealane's container" : `Sealane's service ${ownService}`;
  return {
    verdict: 'degraded',
    cause: 'not-published',
    summary: `${name} is served inside of Sealane's container only, which does not publish port ${ports.join(', ')}`,
    next: `Add ${published} to the \`ports\` of ${owner}; containers on its networks need none.`,
  };
}

/** Whether the problem says that a more senior service has the listen address or name. */
export function isConflict(code: Problem['code']): boolean {
  return code === 'listen-conflict' || code === 'name-conflict';
}

function diagnoseClosed(service: Service, problems: readonly Problem[], world: ExplainWorld): Diagnosis {
  const { name, routes, lingersUntilMs } = service;
  const conflict = problems.find(({ code, subject }) => isConflict(code) && subject === name);
  if (conflict) return bad(causeOf(conflict), conflict.message, conflict.fix);
  const [route] = routes;
  if (route) return diagnoseRoute(route, world);
  if (lingersUntilMs !== undefined) return gone(service, world);
  return bad('opening', `none of the ports of ${name} is open`, 'See its problems.');
}

function diagnoseRoute({ listen, port }: ServiceRoute, world: ExplainWorld): Diagnosis {
  const status = world.listeners.get(listen);
  const publisher = status?.kind === 'failed' && status.code === 'EADDRINUSE' ? publisherOf(port, world) : undefined;
  if (publisher) {
    return bad(
      'listen-failed',
      `${listen} is not open: ${publisher.name} publishes port ${port} on the host`,
      `Remove it from the \`ports\` of ${publisher.name} and recreate that container; Sealane retries automatically.`,
    );
  }
  if (status?.kind === 'failed') {
    // The problem is made from the status, since the catalog's own problem appears a moment after it.
    const isShared = world.catalog.services.get(indexService)?.routes.some((route) => route.listen === listen) === true;
    const { message, fix } = listenerProblem(listen, status, isShared);
    return bad('listen-failed', `${listen} is not open: ${message}`, fix);
  }
  return bad('opening', `${listen} is being opened`, 'Ask again in a moment.');
}

/** The container that publishes the port, where Sealane's ports are the host's own. */
function publisherOf(port: number, { catalog, containers, inspected }: ExplainWorld): ContainerView | undefined {
  if (port === 0 || catalog.publishedPorts !== undefined) return undefined;
  return [...containers(), ...inspected].find(({ hostPorts }) => hostPorts.includes(port));
}

/** The engine that the diagnosis of a service without a ready upstream is about, or all of them. */
function enginesOfUnready(service: Service): (string | undefined)[] {
  if (isStatic(service)) return [];
  const worst = worstOf(service.upstreams);
  return worst?.declared.run ? [worst.declared.engine] : engineNamesOf(service);
}

/** The diagnosis of a service without a ready upstream. */
function diagnoseUnready(service: Service, problems: readonly Problem[], world: ExplainWorld): Diagnosis {
  const crashing = crashingOf(service, world);
  if (crashing) return crashLoop(crashing);
  const worst = worstOf(service.upstreams);
  if (worst) {
    const suspect = service.upstreams.every(({ state }) => state.kind === 'unhealthy' && state.suspect);
    if (suspect) {
      return bad(
        'all-suspect',
        `no upstream of ${service.name} answers dials: ${worst.declared.name} ${worst.state.reason}`,
        howToAnswer(worst.declared),
      );
    }
    const isRemoved = worst.state.kind === 'draining' && removedService(service, world) !== undefined;
    return isRemoved ? gone(service, world) : diagnoseUpstream(worst, world);
  }
  if (service.lingersUntilMs !== undefined) return gone(service, world);
  const [problem] = problems;
  if (problem) return bad(causeOf(problem), `${problem.subject}: ${problem.message}`, problem.fix);
  if (isStatic(service))
    return bad('name-unresolved', `the addresses of ${service.name} are not known yet`, 'Ask again in a moment.');
  const container = service.declarers.find(({ kind }) => kind === 'container');
  const view = container?.kind === 'container' ? world.containerOf(container.id) : undefined;
  const told = view && diagnoseTold(view);
  if (told) return told;
  return bad(
    'restarting',
    `no container of ${service.name} runs at the moment`,
    container?.kind === 'container'
      ? `See why it restarts: ${dockerCommand('logs', container)}`
      : 'See why its container restarts, in its log.',
  );
}

/** The container of the service that restarts, or has restarted several times and is not ready yet. */
function crashingOf({ declarers, upstreams }: Service, { containerOf }: ExplainWorld): ContainerView | undefined {
  if (!upstreams.every(({ state }) => state.kind === 'starting')) return undefined;
  for (const declarer of declarers) {
    const container = declarer.kind === 'container' ? containerOf(declarer.id) : undefined;
    if (container?.state === 'restarting' || (container && container.restarts >= severalRestarts)) return container;
  }
  return undefined;
}

function gone(service: Service, world: ExplainWorld): Diagnosis {
  const { name } = service;
  if (isStatic(service)) {
    return bad(
      'no-such-service',
      `the configuration no longer declares ${name}`,
      'Write it into the configuration again, if it is still needed.',
    );
  }
  const removed = removedService(service, world);
  if (removed !== undefined) {
    return bad(
      'no-container',
      `the Swarm has no service ${removed} any more; clients of ${name} wait for it to return`,
      'Deploy it again.',
    );
  }
  return bad(
    'no-container',
    `no container declares ${name} any more; its clients wait for a container to return`,
    'Start its container again.',
  );
}
