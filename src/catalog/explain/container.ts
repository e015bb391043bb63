import { dockerCommand } from '../container-name.ts';
import { exposureInWords, type Exposure } from '../exposure.ts';
import type { Problem } from '../problem.ts';
import type { Service } from '../service.ts';
import type { Diagnosis } from './explanation.ts';
import { bad, causeOf } from './cause.ts';
import { asLastKnown } from './engines.ts';
import { diagnoseService } from './service.ts';
import { diagnoseClaim, diagnoseTold } from './swarm.ts';
import { crashLoop, diagnoseUpstream } from './upstream.ts';
import type { ContainerView, ExplainWorld } from './world.ts';

/**
 * Diagnoses why a container does or does not get clients: whether Sealane serves it, whether its labels are correct,
 * and then the state of its upstreams. Pure.
 */
export function diagnoseContainer(
  container: ContainerView,
  services: readonly Service[],
  problems: readonly Problem[],
  world: ExplainWorld,
): Diagnosis {
  const { name, id, state, task } = container;
  const { labelPrefix, scope, project } = world;
  const exposure = exposureOf(container, world);
  if (exposure && exposure.host === undefined) {
    const next = `If it should be reached, recreate it with the label ${labelPrefix}.listen=<port>.`;
    return bad('not-exposed', exposureInWords(exposure), next);
  }
  if (!container.isLabelled && !exposure) {
    return bad(
      'never-labelled',
      `${name} has no ${labelPrefix}. label, so Sealane ignores it`,
      task === undefined
        ? `Recreate it with the label ${labelPrefix}.port=<port>.`
        : `docker service update --container-label-add ${labelPrefix}.port=<port> ${task.service}`,
    );
  }
  if (container.isOneoff) {
    return bad(
      'oneoff',
      `${name} was created by \`compose run\`, whose containers never get clients`,
      'Start the service with `compose up`.',
    );
  }
  const sleeper = services
    .flatMap(({ upstreams }) => upstreams)
    .find((one) => one.declared.run?.id === id && one.state.kind === 'asleep');
  if (sleeper) return diagnoseUpstream(sleeper, world);
  if (!container.told && state !== 'running' && state !== 'paused' && state !== 'restarting') {
    return bad('stopped', howItEnded(container), startAgain(container));
  }
  if (scope === 'project' && project === undefined) {
    return bad(
      'scope-unknown',
      'scope is "project", but Sealane does not run in a compose project',
      'Run it as a service of the compose file, or set scope to all.',
    );
  }
  if (scope === 'project' && container.project !== project) {
    const theirs = container.project === undefined ? 'none' : `"${container.project}"`;
    return bad(
      'out-of-scope',
      `${name} is not in Sealane's compose project "${project}" (its own: ${theirs}), and scope is "project"`,
      'Start Sealane with --scope all, or put both into one compose project.',
    );
  }
  if (container.isDisabled)
    return bad(
      'disabled',
      `${name} has the label ${labelPrefix}.enable=false`,
      'Remove that label and recreate the container.',
    );
  const claim = diagnoseClaim(container);
  if (claim) return claim;
  const told = diagnoseTold(container);
  if (told) return asLastKnown(told, [container.engine], world);
  const [problem] = problems;
  if (services.length === 0 && problem) return bad(causeOf(problem), `${name}: ${problem.message}`, problem.fix);
  if (services.length === 0) {
    return state === 'restarting'
      ? crashLoop(container)
      : bad('not-synced', `${name} has not been inspected yet`, 'Ask again in a moment.');
  }
  const unreachable = problems.find(({ code }) => addressCodes.has(code));
  if (unreachable) return bad(causeOf(unreachable), `${name}: ${unreachable.message}`, unreachable.fix);
  for (const service of services) {
    const own = service.upstreams.find(({ declared, state: { kind } }) => declared.run?.id === id && kind !== 'ready');
    if (own) return asLastKnown(diagnoseUpstream(own, world), [container.engine], world);
  }
  const diagnoses = services.map((service) => diagnoseService(service, problems, world));
  return (
    diagnoses.find(({ verdict }) => verdict === 'unreachable') ??
    diagnoses.find(({ verdict }) => verdict === 'degraded') ??
    diagnoses[0] ??
    bad('not-synced', name, 'Ask again.')
  );
}

/** What was chosen for a container whose labels don't say all. */
export function exposureOf({ id }: ContainerView, { catalog }: ExplainWorld): Exposure | undefined {
  return catalog.exposed?.find(({ containerId }) => containerId === id);
}

function howItEnded({ name, state, lastExit }: ContainerView): string {
  if (state === 'created') return `${name} was created, but never started`;
  if (!lastExit) return `${name} does not run (${state})`;
  return `${name} exited with code ${lastExit.code} at ${timeOf(lastExit.atMs)}`;
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function startAgain(container: ContainerView): string {
  const { lastExit } = container;
  const start = dockerCommand('start', container);
  return lastExit === undefined || wasAsked.has(lastExit.code)
    ? start
    : `See why it ended: ${dockerCommand('logs', container)}; then start it again: ${start}`;
}

/** The exit codes of a container that ended well or was stopped: none, SIGKILL and SIGTERM. */
const wasAsked: ReadonlySet<number> = new Set([0, 137, 143]);

const addressCodes: ReadonlySet<Problem['code']> = new Set([
  'no-address',
  'no-shared-network',
  'no-shared-overlay',
  'not-on-network',
  'namespace-lost',
]);
