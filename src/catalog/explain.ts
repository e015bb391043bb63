import { parseAddress } from '../address/address.ts';
import { printable, quoted } from '../text/printable.ts';
import { problemsByService } from './problems-of.ts';
import type { Service } from './service.ts';
import type { Problem } from './problem.ts';
import { diagnoseContainer, exposureOf } from './explain/container.ts';
import type { Diagnosis, DialFailure, Explanation } from './explain/explanation.ts';
import { causeOf } from './explain/cause.ts';
import { calledEngine, enginesFor, engineSteps, isStatic, listOf, outOfReach, withPace } from './explain/engines.ts';
import { diagnoseService, isConflict } from './explain/service.ts';
import { containerStep, problemStep, serviceSteps } from './explain/steps.ts';
import { beyondSight, diagnoseSwarmService, hasTasks, swarmSteps } from './explain/swarm.ts';
import { resolveSubject, type Subject } from './explain/subject.ts';
import type { ContainerView, ExplainWorld } from './explain/world.ts';

/**
 * Explains why a service, container or port can or can't be reached. Pure: the state of the world is passed in.
 */
export function explain(text: string, world: ExplainWorld): Explanation {
  const subject = resolveSubject(text, world);
  const shown = printable(text);
  switch (subject.kind) {
    case 'service':
      return explainServices(shown, 'service', subject.services, world);
    case 'port':
      return explainPort(shown, subject, world);
    case 'container':
      return explainContainer(shown, subject.container, world);
    case 'swarm-service': {
      const own = diagnoseSwarmService(subject.service, world);
      return { ...withoutService(shown, 'unknown', own, world, []), kind: 'service' };
    }
    case 'several':
      return withoutService(shown, 'unknown', ambiguous(shown, subject.names), world, subject.names);
    case 'unknown':
      return withoutService(shown, 'unknown', noSuchName(text, subject, world), world, subject.suggestions);
  }
}

/** The one line for the record of a failed session; undefined if the service is fine. */
export function whyNot(service: string, world: ExplainWorld): string | undefined {
  const known = world.catalog.services.get(service);
  if (!known) return undefined;
  const { cause, summary } = diagnoseService(known, problemsByService(world.catalog).get(service) ?? [], world);
  return cause === 'fine' || cause === 'swapped' ? undefined : summary;
}

function explainPort(text: string, subject: Subject & { kind: 'port' }, world: ExplainWorld): Explanation {
  const { port, services, container } = subject;
  if (services.length > 0) return explainServices(text, 'port', services, world);
  const conflict = conflictOn(port, world);
  if (container && !conflict) return { ...explainContainer(text, container, world), kind: 'port' };
  return withoutService(text, 'port', conflict ?? noSuchPort(port, world), world, openPorts(world));
}

function explainServices(
  text: string,
  kind: 'service' | 'port',
  services: readonly Service[],
  world: ExplainWorld,
): Explanation {
  const [only] = services;
  const successor = only && services.length === 1 ? successorOf(only, world) : undefined;
  if (successor) return { ...explainContainer(text, successor, world), kind };
  const byService = problemsByService(world.catalog);
  const problemsOf = ({ name }: Service): readonly Problem[] => byService.get(name) ?? [];
  const diagnoses = services.map((service) => diagnoseService(service, problemsOf(service), world));
  return {
    ...worst(diagnoses),
    subject: text,
    kind,
    suggestions: [],
    services: services.map(({ name }) => name),
    steps: [
      ...(services.every(isStatic) ? [] : engineSteps(enginesFor(services, world))),
      ...(services.some(hasTasks) ? swarmSteps(world) : []),
      ...services.flatMap((service) => serviceSteps(service, problemsOf(service), world)),
    ],
    problems: [...new Set(services.flatMap(problemsOf))],
    dialFailures: failuresOf(services, world),
  };
}

function explainContainer(text: string, container: ContainerView, world: ExplainWorld): Explanation {
  const { id } = container;
  const problems = world.catalog.problems.filter(({ containerId }) => containerId === id);
  const hasOutlived = problems.length > 0 && !isDeclaring(id, world);
  const services = [...world.catalog.services.values()].filter(
    ({ declarers, upstreams, lingersUntilMs }) =>
      // A mistake in its labels says more than that what it was a part of drains.
      !(hasOutlived && lingersUntilMs !== undefined) &&
      (declarers.some((one) => one.kind === 'container' && one.id === id) ||
        upstreams.some(({ declared }) => declared.run?.id === id)),
  );
  const byService = problemsByService(world.catalog);
  return {
    ...diagnoseContainer(container, services, problems, world),
    subject: text,
    kind: 'container',
    suggestions: [],
    services: services.map(({ name }) => name),
    steps: [
      ...engineSteps(world.engines.filter(({ name }) => name === container.engine)),
      ...(container.task ? swarmSteps(world) : []),
      containerStep(container, exposureOf(container, world)),
      ...(services.length === 0 ? problems.map(problemStep('declared')) : []),
      ...services.flatMap((service) => serviceSteps(service, byService.get(service.name) ?? [], world)),
    ],
    problems,
    dialFailures: failuresOf(services, world),
  };
}

/**
 * The container that was to go on with a service that is no longer declared, such as a recreated one whose label is
 * mistyped now. While upstreams drain, it is one with a mistake, which a Swarm's task may get while it runs.
 */
function successorOf({ name, lingersUntilMs, upstreams }: Service, world: ExplainWorld): ContainerView | undefined {
  if (lingersUntilMs === undefined || upstreams.some(({ state }) => state.kind !== 'draining')) return undefined;
  const { problems } = world.catalog;
  // A named route's service is called after its container's service: `shop/api:web`.
  const names = new Set([name, name.replace(/:[^:]*$/, '')]);
  const all = [...world.containers(), ...world.inspected].filter(
    (one) => names.has(one.createdFor ?? one.name) || names.has(one.name) || one.pools.includes(name),
  );
  return all.find(
    ({ id }) =>
      !isDeclaring(id, world) && (upstreams.length === 0 || problems.some(({ containerId }) => containerId === id)),
  );
}

function isDeclaring(container: string, { catalog }: ExplainWorld): boolean {
  return [...catalog.services.values()].some(
    ({ declarers, lingersUntilMs }) =>
      lingersUntilMs === undefined && declarers.some((one) => one.kind === 'container' && one.id === container),
  );
}

function withoutService(
  text: string,
  kind: 'port' | 'unknown',
  diagnosis: Diagnosis,
  world: ExplainWorld,
  suggestions: readonly string[],
): Explanation {
  const steps = world.engines.length === 0 ? [] : [...engineSteps(world.engines), ...swarmSteps(world)];
  return { ...diagnosis, subject: text, kind, suggestions, services: [], steps, problems: [], dialFailures: [] };
}

/** The worst of several diagnoses; the first of equally bad ones. Where it is not that of all, some clients are served. */
function worst(diagnoses: readonly Diagnosis[]): Diagnosis {
  const sorted = diagnoses.toSorted((a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict));
  const [found, best] = [sorted[0], sorted.at(-1)];
  if (!found || !best) throw new RangeError('nothing to explain');
  if (found.verdict !== 'unreachable' || best.verdict === 'unreachable') return found;
  return { ...found, verdict: 'degraded', summary: `${best.summary}, but ${found.summary}` };
}

const verdicts = ['unreachable', 'degraded', 'reachable'] as const;

/** The diagnosis while containers are unknown, when it can't be said that a subject does not exist. */
function blind(missing: string, { engines }: ExplainWorld): Diagnosis | undefined {
  const away = engines.filter(({ status }) => status.kind !== 'connected');
  const [first] = away;
  if (first) {
    const { name, status } = first;
    const elsewhere = away.length < engines.length ? `${missing} on the engines that answer, and ` : '';
    return {
      verdict: 'unreachable',
      cause: 'engine-unreachable',
      summary: `${elsewhere}${calledEngine(first)} ${outOfReach(status)}`,
      next:
        name === undefined
          ? 'Start the engine, or correct --docker, DOCKER_HOST or the Docker context; Sealane goes on trying.'
          : `Start engine ${name}, or correct its --docker; Sealane goes on trying.`,
    };
  }
  const unread = engines.find(({ synced }) => !synced);
  if (!unread) return undefined;
  return {
    verdict: 'unreachable',
    cause: 'not-synced',
    summary: withPace(`${listOf(unread)} is still being read`, unread),
    next: 'Ask again in a moment.',
  };
}

/** The diagnosis for a subject that may be declared in a configuration file with an error. */
function inBrokenFile(missing: string, { catalog }: ExplainWorld): Diagnosis | undefined {
  const broken = catalog.problems.find(({ code }) => code === 'config-invalid');
  return (
    broken && {
      verdict: 'unreachable',
      cause: causeOf(broken),
      summary: `${missing}; the configuration file was not applied: ${broken.message}`,
      next: 'Correct the configuration file; it is read again when it changes.',
    }
  );
}

function noSuchName(
  text: string,
  { suggestions }: Extract<Subject, { kind: 'unknown' }>,
  world: ExplainWorld,
): Diagnosis {
  const [meant] = suggestions;
  const summary = `there is no service ${world.engines.length === 0 ? '' : 'or container '}${quoted(text)}`;
  return (
    blind(summary, world) ??
    inBrokenFile(summary, world) ??
    beyondSight(summary, world) ?? {
      verdict: 'unreachable',
      cause: 'no-such-service',
      summary,
      next:
        meant === undefined
          ? 'See what there is: sealane status.'
          : `Did you mean ${meant}? If not: sealane status lists what there is.`,
    }
  );
}

function ambiguous(text: string, names: readonly string[]): Diagnosis {
  return {
    verdict: 'unreachable',
    cause: 'ambiguous',
    summary: `containers on several engines are named ${quoted(text)}: ${names.join(', ')}`,
    next: `Ask for one of them: sealane why ${names[0]}`,
  };
}

/** The diagnosis of a port that a more senior service has. */
function conflictOn(port: number, { catalog }: ExplainWorld): Diagnosis | undefined {
  const conflict = catalog.problems.find(
    ({ code, listen = '' }) => isConflict(code) && parseAddress(listen)?.port === port,
  );
  return (
    conflict && { verdict: 'unreachable', cause: causeOf(conflict), summary: conflict.message, next: conflict.fix }
  );
}

function noSuchPort(port: number, world: ExplainWorld): Diagnosis {
  const summary = `no service listens on port ${port}`;
  return (
    blind(summary, world) ??
    inBrokenFile(summary, world) ?? {
      verdict: 'unreachable',
      cause: 'no-such-port',
      summary,
      next:
        world.engines.length === 0
          ? `Give a service of the configuration \`listen: ${port}\`.`
          : `Give a container the label ${world.labelPrefix}.listen=${port}.`,
    }
  );
}

function openPorts({ catalog }: ExplainWorld): string[] {
  const ports = [...catalog.services.values()].flatMap(({ routes }) =>
    routes.flatMap(({ openPort }) => (openPort === undefined ? [] : [openPort])),
  );
  return [...new Set(ports)]
    .toSorted((a, b) => a - b)
    .slice(0, 10)
    .map(String);
}

function failuresOf(
  services: readonly Service[],
  { dialFailures }: ExplainWorld,
): (DialFailure & { upstream: string })[] {
  const names = new Map(
    services.flatMap(({ upstreams }) => upstreams.map(({ declared }) => [declared.key, declared.name])),
  );
  return dialFailures.flatMap((failure) => {
    const upstream = names.get(failure.upstreamKey);
    return upstream === undefined ? [] : [{ ...failure, upstream }];
  });
}
