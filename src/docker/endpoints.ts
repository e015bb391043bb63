/**
 * The endpoints of the engine's API that Sealane calls, all of them with GET. The errors and docs/engine-actions.md tell
 * from these what a socket proxy must allow; no other file names an endpoint. Pure.
 */
interface EngineEndpoint {
  readonly path: string;
  /** What Sealane does not know where a socket proxy forbids the call; absent where nothing works without it. */
  readonly without?: string;
  /** Asked on managers of a Swarm only, and all or nothing: `without` is not known unless all of these are allowed. */
  readonly ofSwarm?: true;
  /** Asked before a container is put to sleep, and never where Sealane may stop none. */
  readonly ofSleep?: true;
}

const elsewhere = 'what runs on the other nodes';

export const engineEndpoints = {
  ping: { path: '/_ping' },
  events: { path: '/events' },
  list: { path: '/containers/json' },
  inspect: { path: '/containers/{id}/json' },
  version: {
    path: '/version',
    without: 'Podman behind a proxy that drops its headers',
  },
  info: { path: '/info', without: 'that the engine is in a Swarm, or rootless, unless it is a recent Docker' },
  network: { path: '/networks/{id}', without: 'which networks are macvlan, ipvlan or overlays' },
  stats: { path: '/containers/{id}/stats', without: 'how much memory that gives back', ofSleep: true },
  services: { path: '/services', without: elsewhere, ofSwarm: true },
  tasks: { path: '/tasks', without: elsewhere, ofSwarm: true },
  nodes: { path: '/nodes', without: elsewhere, ofSwarm: true },
} as const satisfies Readonly<Record<string, EngineEndpoint>>;

export type EndpointName = keyof typeof engineEndpoints;

/** The call as people and metrics name it: `GET /containers/{id}/json`. */
export function callName(name: EndpointName): string {
  return `GET ${engineEndpoints[name].path}`;
}

/** The path to ask for. An id is text from outside. */
export function pathOf(name: EndpointName, id = ''): string {
  return engineEndpoints[name].path.replace('{id}', () => encodeURIComponent(id));
}

/** The paths that nothing works without, those that Sealane does without, those of a Swarm, and those of containers that sleep. */
export function endpointPaths(kind: 'needed' | 'optional' | 'swarm' | 'sleep'): readonly string[] {
  return Object.values<EngineEndpoint>(engineEndpoints)
    .filter((endpoint) => kindOf(endpoint) === kind)
    .map(({ path }) => path);
}

function kindOf({ without, ofSwarm, ofSleep }: EngineEndpoint): 'needed' | 'optional' | 'swarm' | 'sleep' {
  if (ofSleep) return 'sleep';
  if (ofSwarm) return 'swarm';
  return without === undefined ? 'needed' : 'optional';
}

/** The paths in a sentence: `/_ping, /events and /version`. */
export function inWords(paths: readonly string[]): string {
  const last = paths.at(-1) ?? '';
  return paths.length < 2 ? last : `${paths.slice(0, -1).join(', ')} and ${last}`;
}
