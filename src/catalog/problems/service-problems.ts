import { formatDuration } from '../../text/duration.ts';
import { howToListen, howToPassCheck, howToWake } from '../advice.ts';
import { dockerCommand } from '../container-name.ts';
import type { Service } from '../service.ts';
import { problemKey, type Problem } from '../problem.ts';
import { inNaturalOrder, type ServiceUpstream } from '../upstream.ts';

/**
 * Finds problems of services whose declarations are correct. A state must last before it is a problem, because a
 * restart passes through each of them for a moment. Pure.
 */
export const startingGraceMs = 10_000;
const unfitGraceMs = 10_000;
const suspectGraceMs = 1_000;
/** The number of reasons in a message: hundreds of replicas mostly fail for one reason, each at its own address. */
const reasonsNamed = 3;

interface Judgement {
  readonly problems: readonly Problem[];
  /** When the next state becomes a problem by the passing of time alone. */
  readonly nextDeadlineMs: number | undefined;
}

export function judgeServices(services: Iterable<Service>, nowMs: number): Judgement {
  /** By key: a container with several routes is an upstream of each of them. */
  const problems = new Map<string, Problem>();
  let deadlineMs = Infinity;
  const report = (sinceMs: number, graceMs: number, problem: () => Problem): void => {
    if (nowMs - sinceMs >= graceMs) {
      const found = problem();
      if (!problems.has(problemKey(found))) problems.set(problemKey(found), found);
    } else deadlineMs = Math.min(deadlineMs, sinceMs + graceMs);
  };
  for (const service of services) {
    for (const upstream of service.upstreams) {
      if (upstream.state.kind === 'starting')
        report(upstream.state.sinceMs, startingGraceMs, () => neverReady(upstream));
      if (upstream.state.kind === 'paused') report(upstream.state.sinceMs, unfitGraceMs, () => paused(upstream));
      const { failure } = upstream.state.kind === 'asleep' ? upstream.state : {};
      if (failure !== undefined) report(upstream.state.sinceMs, 0, () => wakeFailed(upstream, failure));
      // A suspect is heard of where all of them are suspect.
      if (upstream.state.kind === 'unhealthy' && !upstream.state.suspect)
        report(upstream.state.sinceMs, unfitGraceMs, () => unhealthy(upstream));
    }
    const suspectSinceMs = allSuspectSince(service);
    if (suspectSinceMs !== undefined) report(suspectSinceMs, suspectGraceMs, () => allSuspect(service));
  }
  return { problems: [...problems.values()], nextDeadlineMs: deadlineMs === Infinity ? undefined : deadlineMs };
}

function neverReady({ declared, state }: ServiceUpstream): Problem {
  return {
    code: 'never-ready',
    subject: declared.name,
    ...(declared.run ? { containerId: declared.run.id } : {}),
    message: `it is not ready after ${formatDuration(startingGraceMs)}: ${state.reason}`,
    fix: declared.health.kind === 'docker' ? howToPassCheck(declared) : howToListen(declared),
  };
}

function paused({ declared }: ServiceUpstream): Problem {
  return {
    code: 'paused',
    subject: declared.name,
    ...(declared.run ? { containerId: declared.run.id } : {}),
    message: `it has been paused for more than ${formatDuration(unfitGraceMs)}, and gets no clients`,
    fix: `Resume it: ${dockerCommand('unpause', declared)}`,
  };
}

function wakeFailed({ declared }: ServiceUpstream, failure: string): Problem {
  return {
    code: 'wake-failed',
    subject: declared.name,
    ...(declared.run ? { containerId: declared.run.id } : {}),
    message: `it is asleep, and its last start failed: ${failure}`,
    fix: howToWake(declared),
  };
}

function unhealthy({ declared, state }: ServiceUpstream): Problem {
  return {
    code: 'unhealthy',
    subject: declared.name,
    ...(declared.run ? { containerId: declared.run.id } : {}),
    message: `it has been unhealthy for more than ${formatDuration(unfitGraceMs)}: ${state.reason}`,
    fix: howToPassCheck(declared),
  };
}

/** Since when no upstream is ready and at least one is only suspect; undefined when that is not the case. */
function allSuspectSince({ upstreams }: Service): number | undefined {
  let sinceMs: number | undefined;
  for (const { state } of upstreams) {
    if (state.kind === 'ready') return undefined;
    if (state.kind === 'unhealthy' && state.suspect) sinceMs = Math.max(sinceMs ?? 0, state.sinceMs);
  }
  return sinceMs;
}

function allSuspect({ name, upstreams }: Service): Problem {
  const reasons = [
    ...new Set(
      inNaturalOrder(upstreams).flatMap(({ state }) =>
        state.kind === 'unhealthy' && state.suspect ? [state.reason] : [],
      ),
    ),
  ];
  const more = reasons.length - reasonsNamed;
  const named = [...reasons.slice(0, reasonsNamed), ...(more > 0 ? [`${more} more`] : [])];
  return {
    code: 'all-suspect',
    subject: name,
    message: `none of its upstreams answers (${named.join('; ')}); all of them are tried for every client`,
    fix: 'See why they do not answer; each returns automatically once it does.',
  };
}
