import { plural } from '../../text/plural.ts';
import { healthOf, howToAnswer, howToListen, howToPassCheck, howToWake } from '../advice.ts';
import { dockerCommand } from '../container-name.ts';
import type { DeclaredUpstream } from '../declaration.ts';
import { inNaturalOrder, notProbedYet, type ServiceUpstream } from '../upstream.ts';
import { startingGraceMs } from '../problems/service-problems.ts';
import { bad } from './cause.ts';
import type { Diagnosis } from './explanation.ts';
import type { ContainerView, ExplainWorld } from './world.ts';

/**
 * Diagnoses what keeps sessions from one upstream, and a container that restarts. Pure.
 */
/** The upstream that is not ready but closest to ready, since a fix there helps most. */
export function worstOf(upstreams: readonly ServiceUpstream[]): ServiceUpstream | undefined {
  const nearness = ({ state }: ServiceUpstream): number => order.indexOf(state.kind);
  return inNaturalOrder(upstreams)
    .toSorted((a, b) => nearness(a) - nearness(b))
    .find(({ state }) => state.kind !== 'ready');
}

const order = ['ready', 'unhealthy', 'starting', 'paused', 'asleep', 'draining'] as const;

/** Diagnoses why an upstream gets no sessions, and what to do. */
export function diagnoseUpstream(upstream: ServiceUpstream, { nowMs }: Pick<ExplainWorld, 'nowMs'>): Diagnosis {
  const { declared, state } = upstream;
  const { name } = declared;
  const summary = `${name} is ${state.kind}: ${state.reason}`;
  switch (state.kind) {
    case 'ready':
      return { verdict: 'reachable', cause: 'fine', summary, next: undefined };
    case 'asleep':
      if (state.failure !== undefined) return bad('wake-failed', summary, howToWake(declared));
      return { verdict: 'reachable', cause: 'asleep', summary, next: undefined };
    case 'paused':
      return bad('paused', summary, dockerCommand('unpause', declared));
    case 'draining':
      if (state.untilMs === Infinity) return bad('drained', summary, `sealane undrain ${name}`);
      return bad('draining', summary, howToReplace(declared));
    case 'unhealthy':
      if (state.suspect) return bad('dial-failing', summary, howToAnswer(declared));
      return bad(
        declared.health.kind === 'docker' ? 'healthcheck-failing' : 'check-failing',
        summary,
        howToPassCheck(declared),
      );
    case 'starting':
      if (declared.health.kind === 'docker')
        return bad(
          'healthcheck-starting',
          summary,
          `Wait for its HEALTHCHECK, or see its output: ${healthOf(declared)}`,
        );
      if (state.reason === notProbedYet) return bad('not-asked-yet', summary, 'Ask again in a moment.');
      {
        // Where another port is exposed, waiting is of no use.
        const isNew = nowMs - state.sinceMs < startingGraceMs && declared.silentAdvice === undefined;
        return bad(
          'nothing-listens',
          summary,
          isNew ? `Wait for it to start. If that takes long: ${howToListen(declared)}` : howToListen(declared),
        );
      }
  }
}

/** What comes after an upstream that drains. */
function howToReplace({ run, task }: DeclaredUpstream): string {
  if (task?.desired === 'remove')
    return `No task replaces it, since its service was scaled down or removed. For more tasks: docker service scale ${task.service}=<n>`;
  if (task) return `Wait for the task that replaces it. See: docker service ps ${task.service}`;
  if (run) return 'Wait for the container to be started again, or start it.';
  return 'Write it into the configuration again, if it is still needed.';
}

export function crashLoop({ name, engine, lastExit, restarts }: ContainerView): Diagnosis {
  const ended = lastExit === undefined ? '' : `; it exited with code ${lastExit.code}`;
  const often = restarts === 0 ? 'again and again' : `${plural(restarts, 'time')} so far`;
  return bad(
    'restarting',
    `${name} restarts: ${often}${ended}`,
    `See why it ends: ${dockerCommand('logs', { name, engine })}`,
  );
}
