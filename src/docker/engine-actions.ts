import { engineActions, type EngineAction } from '../config/engine-actions.ts';
import { printable } from '../text/printable.ts';
import { inWords } from './endpoints.ts';

/**
 * The port of changing calls, beside the read-only port of `engine.ts`. Discovery has none of them;
 * docs/engine-actions.md lists their endpoints.
 */
export interface EngineActions {
  /** What the setting `engine-actions` allows. All other calls reject and don't reach the engine. */
  readonly allowed: ReadonlySet<EngineAction>;
  /**
   * Each call resolves once the engine has done it, and also where all is as wanted already. It rejects with an
   * `EngineError` whose message is one readable line. `cause` says for the log who or what asked for it, such as
   * `woken by 127.0.0.1:53122 for shop/api`. An aborted `signal` ends the waiting, not what the engine does.
   */
  start(containerId: string, cause: string, signal?: AbortSignal): Promise<void>;
  /** A stop lasts at most as long as the container's own stop timeout, after which the engine kills it. */
  stop(containerId: string, cause: string, signal?: AbortSignal): Promise<void>;
  pause(containerId: string, cause: string, signal?: AbortSignal): Promise<void>;
  unpause(containerId: string, cause: string, signal?: AbortSignal): Promise<void>;
  /** Connects a container to a network, and marks the connection as Sealane's own (`joined` of an attachment). */
  connect(connection: NetworkConnection, cause: string, signal?: AbortSignal): Promise<void>;
  /** Ends a connection, also one that Sealane did not make: the caller must know that it did. */
  disconnect(connection: NetworkConnection, cause: string, signal?: AbortSignal): Promise<void>;
  /**
   * Whether a container keeps its default gateway, and with it the clients of its published ports, whichever further
   * network it is connected to. Else it goes to the first network in the order of their names. False until the engine told.
   */
  keepsGateway(): boolean;
}

interface NetworkConnection {
  readonly networkId: string;
  readonly containerId: string;
}

interface ChangingEndpoint {
  readonly path: string;
  /** The action that allows the call. */
  readonly action: EngineAction;
}

/** The endpoints of the changing calls, all of them with POST. */
export const changingEndpoints = {
  start: { path: '/containers/{id}/start', action: 'start' },
  stop: { path: '/containers/{id}/stop', action: 'stop' },
  pause: { path: '/containers/{id}/pause', action: 'pause' },
  unpause: { path: '/containers/{id}/unpause', action: 'pause' },
  connect: { path: '/networks/{id}/connect', action: 'connect' },
  disconnect: { path: '/networks/{id}/disconnect', action: 'connect' },
} as const satisfies Readonly<Record<string, ChangingEndpoint>>;

export type EngineChange = keyof typeof changingEndpoints;

/** The call as people and socket proxies name it: `POST /containers/{id}/start`. */
export function changeName(change: EngineChange): string {
  return `POST ${changingEndpoints[change].path}`;
}

/** What the engine is asked to do, for the log. */
export interface ActionRecord {
  readonly change: EngineChange;
  readonly containerId: string;
  /** The network that it is connected to, or disconnected from. */
  readonly networkId?: string;
  readonly cause: string;
  /** Why it was not done; absent when the engine is asked. */
  readonly failure?: string;
}

/** The call in words: `start container 0123456789ab`. */
export function actionInWords({ change, containerId, networkId }: Omit<ActionRecord, 'cause'>): string {
  const container = `${change} container ${containerId.slice(0, 12)}`;
  // The id of a network is its name with Podman.
  const network = printable(networkId?.slice(0, 12) ?? '');
  if (change === 'connect') return `${container} to network ${network}`;
  return change === 'disconnect' ? `${container} from network ${network}` : container;
}

/** The actions of `needed` that the setting does not allow, in its order. */
export function missingActions(
  allowed: ReadonlySet<EngineAction>,
  needed: readonly EngineAction[],
): readonly EngineAction[] {
  return engineActions.filter((action) => needed.includes(action) && !allowed.has(action));
}

/** The fix of a problem whose cause is `missingActions`: it names the flag with all that is to be allowed. */
export function allowAdvice(allowed: ReadonlySet<EngineAction>, missing: readonly EngineAction[]): string {
  const wanted = engineActions.filter((action) => allowed.has(action) || missing.includes(action));
  const calls = Object.entries(changingEndpoints)
    .filter(([, { action }]) => missing.includes(action))
    .map(([, { path }]) => path);
  return (
    `Start Sealane with --engine-actions ${wanted.join(',')}; ` +
    `a socket proxy before the engine must allow POST ${inWords(calls)}, too.`
  );
}
