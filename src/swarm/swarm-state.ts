import type { SwarmSnapshot, SwarmStanding } from '../docker/swarm/facts.ts';

/**
 * What one engine tells of the Swarm that it is in. Pure.
 */
export interface SwarmState {
  /** Undefined where the engine does not tell. */
  readonly standing?: SwarmStanding;
  /** Which Swarm the snapshot is of; undefined where the engine never told. */
  readonly clusterId?: string | undefined;
  /** Only of a manager; empty with a failure where the Swarm was never read. */
  readonly snapshot?: SwarmSnapshot;
  /** Whether the first answers, which tell of clients' services, are still to come. */
  readonly isAwaited: boolean;
  /** The engine has not answered the last call about its Swarm, or not in time, so that another manager knows more. */
  readonly isSilent?: true;
}

/** The state of an engine that is asked nothing. */
export const noSwarm: SwarmState = { isAwaited: false };

/**
 * The state after an engine told anew. An engine that starts, or is locked, does not tell which node it is: it is the same
 * one while its snapshot is kept.
 */
export function withKnownNode(state: SwarmState, before: SwarmState): SwarmState {
  const { standing, snapshot } = state;
  const nodeId = before.standing?.nodeId;
  if (!snapshot || !standing || standing.nodeId !== undefined || nodeId === undefined) return state;
  return { ...state, standing: { ...standing, nodeId } };
}

/** Each answer about the standing is an object of its own. */
export function isSameState(a: SwarmState, b: SwarmState): boolean {
  const isSameStanding =
    a.standing?.state === b.standing?.state &&
    a.standing?.isManager === b.standing?.isManager &&
    a.standing?.nodeId === b.standing?.nodeId &&
    a.standing?.clusterId === b.standing?.clusterId;
  return isSameStanding && a.snapshot === b.snapshot && a.isAwaited === b.isAwaited && a.isSilent === b.isSilent;
}
