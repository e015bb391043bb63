import type { IncomingHttpHeaders } from 'node:http';
import type { EngineEvent } from './facts.ts';
import type { EventJson } from './schema.ts';

/**
 * How the events and the missing containers of one kind of engine are told: which events to ask for, what they mean in
 * Docker's words, and which error means that a container is gone. No other code asks which engine it is: where the shape of
 * an answer differs, its schema accepts each. Pure.
 */
export interface Dialect {
  /** The actions for the filter of the events call, in the engine's own words. */
  readonly actions: readonly string[];
  /** Turns an event into Docker's words; undefined for one that concerns no container. */
  translate(event: EventJson): Heard | undefined;
  /** Whether events come so late that a container's address may have gone to another one before its death is told. */
  readonly isLate: boolean;
  /** Whether such an engine can be in a Swarm. */
  readonly hasSwarm: boolean;
  /**
   * What a container is connected to a further network with, so that the connection is told from others by anyone who
   * inspects the container, also after a restart of Sealane, and so that its gateway stays where it is, if the engine can.
   */
  readonly ownConnection: object;
  /** Whether a container keeps its gateway when it is connected to any further network. */
  keepsGateway(apiVersion: string): boolean;
  /** Whether an error answer to an inspect, with the engine's own message, means that there is no such container. */
  isMissing(status: number, message: string): boolean;
}

type Heard = Pick<EngineEvent, 'type' | 'action' | 'containerId' | 'isEarly'>;

const ownMark = 'sealane.joined';
const ownAlias = 'joined-by-sealane';

/** Whether a connection of a container to a network has the mark of `ownConnection`, in whichever dialect. */
export function isOwnConnection({ DriverOpts, Aliases }: ConnectionMarks): boolean {
  return DriverOpts?.[ownMark] === 'true' || Aliases?.includes(ownAlias) === true;
}

interface ConnectionMarks {
  readonly DriverOpts?: Readonly<Record<string, string>> | null | undefined;
  readonly Aliases?: readonly string[] | null | undefined;
}

const sharedActions = 'create start die stop kill pause unpause rename update destroy oom connect disconnect'.split(
  ' ',
);

const docker: Dialect = {
  actions: [...sharedActions, 'health_status'],
  translate({ Type, Action, Actor }) {
    if (Type !== 'container' && Type !== 'network') return undefined;
    const containerId = Type === 'container' ? Actor.ID : (Actor.Attributes['container'] ?? '');
    // The create and destroy events of a network concern no container.
    return containerId === '' ? undefined : { type: Type, action: Action, containerId };
  },
  isLate: false,
  hasSwarm: true,
  // No driver reads an option of this name. Docker refuses aliases on its default bridge.
  ownConnection: { DriverOpts: { [ownMark]: 'true' }, GwPriority: -1 },
  // Docker 28 (API 1.48) came with GwPriority. Before, the gateway went to the first network by name, with all published
  // ports, whose clients lost their connections (measured on 20.10).
  keepsGateway: (apiVersion) => Number(apiVersion.split('.')[1]) >= 48,
  isMissing: (status) => status === 404,
};

/** Measured on Podman 4.3; what is said of later versions is from their sources and docs/engines.md. */
const podman: Dialect = {
  // Podman filters by its own words: before 4.4, a filter for `die` finds nothing.
  actions: [...sharedActions, 'health_status', 'died', 'remove'],
  translate({ Type, Action, Actor }) {
    if (Type === 'container') {
      const action = podmanActions.get(Action) ?? Action;
      // The state of a health check is stored after the event was written.
      return {
        type: Type,
        action,
        containerId: Actor.ID,
        ...(action.startsWith('health_status') && { isEarly: true }),
      };
    }
    // The events of a container's networks name the container, and none of its networks.
    const concernsContainer = Type === 'network' && (Action === 'connect' || Action === 'disconnect');
    return concernsContainer && Actor.ID !== '' ? { type: Type, action: Action, containerId: Actor.ID } : undefined;
  },
  // Podman reads its own file of events every 250 ms.
  isLate: true,
  hasSwarm: false,
  // Podman drops the options of drivers. It keeps aliases, also on its default network.
  ownConnection: { Aliases: [ownAlias] },
  // Published ports stay with the networks that the container was created with (measured).
  keepsGateway: () => true,
  // While a container is removed, an inspect fails with 500 where it had begun before.
  isMissing: (status, message) => status === 404 || (status === 500 && /no such container/i.test(message)),
};

const podmanActions: ReadonlyMap<string, string> = new Map([
  ['died', 'die'],
  ['remove', 'destroy'],
]);

export const dockerDialect = docker;

/**
 * The filters of the events call. One stream carries all events: labels are matched by Sealane, since a label filter
 * would drop all network events.
 */
export function eventFilters({ actions }: Dialect): string {
  return JSON.stringify({ type: ['container', 'network'], event: actions });
}

/** The dialect that the headers of a ping name; undefined where neither engine's are there, as behind some proxies. */
export function dialectOfPing(headers: IncomingHttpHeaders): Dialect | undefined {
  const server = String(headers['server'] ?? '');
  if (headers['libpod-api-version'] !== undefined || /^libpod\//i.test(server)) return podman;
  return /^docker\//i.test(server) ? docker : undefined;
}

/** The dialect that the names of the components in `GET /version` tell of. */
export function dialectOfComponents(names: readonly string[]): Dialect {
  return names.includes('Podman Engine') ? podman : docker;
}
