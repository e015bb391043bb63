import type { Problem } from '../catalog/problem.ts';
import { noDiscovery, type Discovery } from '../discovery/discover.ts';
import type { WatchedEngine } from './engine-watch.ts';
import { isWaitedFor } from './readiness.ts';

/** Nothing is served while it is unknown which compose project is Sealane's own. */
export function withoutProject(watches: readonly WatchedEngine[]): Discovery {
  const isKnown = watches.some(({ snapshot }) => snapshot().vantage) && !watches.some(isWaitedFor);
  return isKnown ? scopeUnknown : noDiscovery;
}

const scopeUnknown: Discovery = {
  ...noDiscovery,
  problems: [
    {
      code: 'scope-unknown',
      subject: 'sealane',
      message: 'scope is "project", but Sealane does not run in a container of a compose project or stack',
      fix: 'Run it as a service of the compose or stack file, or set scope to all.',
    },
  ],
};

/** That an engine is out of reach, once there is a reason; none while it is reached, or asked for the first time. */
export function unreachableProblem({ tag: { engine: name }, snapshot }: WatchedEngine): Problem[] {
  const { status } = snapshot();
  if (status.kind === 'connected' || status.reason === undefined) return [];
  const meanwhile =
    status.kind === 'connecting' ? 'not been reached yet' : 'been lost, and its containers are as last known';
  return [
    {
      code: 'engine-unreachable',
      subject: name === undefined ? 'engine' : `engine ${name}`,
      message: `it has ${meanwhile}: ${status.reason}`,
      fix: 'Bring it back; Sealane goes on trying.',
    },
  ];
}
