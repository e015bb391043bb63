import { formatAddress } from '../../address/address.ts';
import { shownAddress } from '../../address/published.ts';
import { formatDuration } from '../../text/duration.ts';
import { plural } from '../../text/plural.ts';
import { listenerProblem } from '../problems/listener-problems.ts';
import { namesOf, type DeclaredUpstream } from '../declaration.ts';
import type { Service } from '../service.ts';
import { exposureInWords, type Exposure } from '../exposure.ts';
import type { Problem } from '../problem.ts';
import { selectorNames } from '../route.ts';
import { endpointsOf, inNaturalOrder, type ServiceUpstream } from '../upstream.ts';
import type { Step } from './explanation.ts';
import { engineNamesOf, isStatic } from './engines.ts';
import type { ContainerView, ExplainWorld } from './world.ts';

/**
 * The steps of an explanation, in the order of a client's way: declaration, listener, network, upstreams, clients. Those of
 * the engines come before. Pure.
 */
const networkCodes: ReadonlySet<Problem['code']> = new Set([
  'no-address',
  'no-shared-network',
  'no-shared-overlay',
  'not-on-network',
  'namespace-lost',
  'name-unresolved',
  'upstream-loops',
]);

export function containerStep(
  { name, state, networks, isLabelled, task, told }: ContainerView,
  exposure: Exposure | undefined,
): Step {
  const labels = isLabelled ? '' : ", without Sealane's labels";
  const chosen = exposure ? `; ${exposureInWords(exposure)}` : '';
  const node = task?.node === undefined ? '' : `, on node ${task.node}`;
  const desired = task?.desired === undefined || task.desired === 'running' ? '' : `, desired state ${task.desired}`;
  return {
    step: 'declared',
    status: isLabelled || exposure?.host !== undefined ? 'info' : 'bad',
    text: `${name} is ${told?.words ?? state}, on ${networks}${node}${desired}${labels}${chosen}`,
  };
}

export function serviceSteps(service: Service, problems: readonly Problem[], world: ExplainWorld): Step[] {
  const { declarers, pool, upstreams, name } = service;
  const by = namesOf(declarers);
  return [
    {
      step: 'declared',
      status: service.lingersUntilMs === undefined ? 'ok' : 'bad',
      text: `${name} is declared by ${by.slice(0, 5).join(', ')}${by.length > 5 ? ` and ${by.length - 5} more` : ''}, balance ${pool.balance}${pool.prefer === 'local' ? ', local upstreams first' : ''}`,
    },
    ...problems.filter(({ code }) => !networkCodes.has(code) && code !== 'listen-failed').map(problemStep('declared')),
    ...listenerSteps(service, world),
    ...(isStatic(service) ? [] : vantageSteps(service, world)),
    ...problems.filter(({ code }) => networkCodes.has(code)).map(problemStep('network')),
    ...inNaturalOrder(upstreams)
      .slice(0, 20)
      .map((upstream) => upstreamStep(upstream, world)),
    ...(upstreams.length > 20
      ? [{ step: 'upstreams', status: 'info', text: `and ${upstreams.length - 20} more` } as const]
      : []),
    ...clientSteps(service, world),
  ];
}

/** Sealane's vantage on each engine that the service's containers are on. */
function vantageSteps(service: Service, { engines }: ExplainWorld): Step[] {
  const own = new Set(engineNamesOf(service));
  return engines
    .filter(({ name }) => own.has(name))
    .flatMap(({ name, vantage }): Step[] => {
      if (vantage === undefined) return [];
      return [
        { step: 'network', status: 'info', text: name === undefined ? vantage : `on engine ${name}: ${vantage}` },
      ];
    });
}

export function problemStep(step: Step['step']): (problem: Problem) => Step {
  return ({ subject, message }) => ({ step, status: 'bad', text: `${subject}: ${message}` });
}

function listenerSteps({ routes, name }: Service, { listeners, catalog }: ExplainWorld): Step[] {
  if (routes.length === 0) return [{ step: 'listener', status: 'bad', text: `no port is open for ${name}` }];
  return routes.map((route) => {
    const { listen, host, openPort } = route;
    const status = listeners.get(listen);
    if (openPort !== undefined) {
      const names = selectorNames(route);
      const forNames = names.length === 0 ? '' : `, for ${names.join(', ')}`;
      const shown = shownAddress({ host, port: openPort }, catalog.publishedPorts);
      return { step: 'listener', status: 'ok', text: `${shown} is open${forNames}` };
    }
    const why =
      status?.kind === 'failed' ? `is not open: ${listenerProblem(listen, status).message}` : 'is being opened';
    return { step: 'listener', status: 'bad', text: `${listen} ${why}` };
  });
}

function upstreamStep(upstream: ServiceUpstream, { nowMs, activeOf }: ExplainWorld): Step {
  const { declared, state, weight, tried } = upstream;
  const addresses = endpointsOf(upstream).map(formatAddress).join(', ');
  // A container that is asleep has no address.
  const where = addresses === '' ? '' : ` (${addresses}${nodeText(declared)})`;
  const age = formatDuration(Math.max(0, nowMs - state.sinceMs));
  const isAsleep = state.kind === 'asleep' && state.failure === undefined;
  const status =
    state.kind === 'ready' && weight > 0 ? 'ok' : isAsleep ? 'info' : state.kind === 'starting' ? 'warn' : 'bad';
  const weighed = weight === 1 ? '' : `, weight ${weight}`;
  return {
    step: 'upstreams',
    status,
    text: `${declared.name}${where} has been ${state.kind} for ${age}: ${state.reason}; ${plural(activeOf(declared.key), 'session')}${weighed}${publishedText(declared)}${askedText(declared)}${triedText(tried)}`,
  };
}

/** Of tasks, whose nodes matter to people. */
function nodeText({ task }: DeclaredUpstream): string {
  return task?.node === undefined ? '' : `, on node ${task.node}`;
}

function publishedText({ published }: DeclaredUpstream): string {
  return published === undefined ? '' : `; reached through its published port, ${published.because}`;
}

/** Connections take longer where the engine is asked for each; see AddressProof. */
function askedText({ endpoints }: DeclaredUpstream): string {
  if (!endpoints.some(({ proof }) => proof?.kind === 'engine')) return '';
  return '; the engine is asked for each connection whether the container still has the address, since Sealane does not see its process';
}

/** The addresses that were tried, and how each answered. */
function triedText(tried: ServiceUpstream['tried']): string {
  if (!tried) return '';
  const answers = tried.map(({ endpoint, failure }) => `${formatAddress(endpoint)}: ${failure ?? 'it answers'}`);
  return `; tried ${answers.join('; ')}`;
}

function clientSteps({ name }: Service, { heldOf }: ExplainWorld): Step[] {
  const held = heldOf(name);
  if (held === 0) return [];
  return [
    {
      step: 'clients',
      status: 'warn',
      text: `${held} ${held === 1 ? 'client waits' : 'clients wait'} for an upstream`,
    },
  ];
}
