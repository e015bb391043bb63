import type { PublishedPort } from '../../address/published.ts';

/**
 * The validated facts about a Docker Swarm, as one of its managers tells them. The words are Docker's own
 * (https://docs.docker.com/reference/api/engine/). All names, labels and messages are hostile text.
 */
export interface SwarmStanding {
  /** `active` for a node; `pending` while the engine starts or joins; `locked` until a person unlocks it. */
  readonly state: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  /** Whether the engine is a manager that can answer for the Swarm. */
  readonly isManager: boolean;
  /** The engine's id as a node; absent where it is none. */
  readonly nodeId?: string;
  /** Which Swarm it is; only managers tell. */
  readonly clusterId?: string;
}

export interface SwarmService {
  readonly id: string;
  /** The name that `docker service ls` shows, as in `shop_web`. */
  readonly name: string;
  /** The service's own labels: `docker service create --label`, and `deploy.labels` of a stack file. */
  readonly labels: Readonly<Record<string, string>>;
  /** What the tasks are made of that are created from now on. */
  readonly template: TaskTemplate;
  readonly createdAtMs: number;
  /** How many tasks are desired; absent for a job, and for a global service, which has one on each node that fits. */
  readonly replicas?: number;
  /** Whether its tasks are to come to an end. */
  readonly isJob?: true;
  /** The TCP ports that each task publishes on its node with `mode=host`. */
  readonly hostPorts: readonly ServicePort[];
  /** Whether a rolling update or a rollback goes on. */
  readonly isUpdating: boolean;
}

export interface ServicePort {
  readonly containerPort: number;
  /** Absent where each node chooses one, which only the task tells. */
  readonly hostPort?: number;
}

/** What Sealane reads of the containers that a service asks for. Equal templates are one object. */
export interface TaskTemplate {
  /**
   * The labels of the containers: `docker service create --container-label`, and `labels` of a service of a stack file. The
   * labels of the image are not told.
   */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the service gives them a HEALTHCHECK; that of the image is not told. */
  readonly hasHealthcheck: boolean;
  /** How long a container may take to stop after its stop signal; 10 s unless set. */
  readonly stopGraceMs: number;
}

/** The states of a task, in the order in which it goes through them; a task never goes back. */
export const taskStates = [
  ...['new', 'pending', 'assigned', 'accepted', 'ready', 'preparing', 'starting', 'running'],
  ...['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned'],
] as const;

export interface TaskAttachment {
  readonly networkId: string;
  readonly networkName: string;
  readonly driver?: string;
  /** The task's addresses there, without their prefix lengths; IPv4 first. */
  readonly addresses: readonly string[];
}

export interface SwarmTask {
  readonly id: string;
  readonly serviceId: string;
  /** What the task was made of; in a rolling update, that of an old task is not the service's. */
  readonly template: TaskTemplate;
  /** Absent until the task has been given to a node. */
  readonly nodeId?: string;
  /** The number of a replica, from 1; absent for a task of a global service. */
  readonly slot?: number;
  readonly createdAtMs: number;
  /**
   * What the Swarm wants of it and the state that it is in. Of a task that is to end, `shutdown`, or `remove` where its
   * service gets fewer.
   */
  readonly desiredState: string;
  readonly state: string;
  /**
   * When the Swarm last stored its state, in nanoseconds since the Unix epoch. For a running task that is not its start:
   * the time is renewed with the desired state.
   */
  readonly stateAtNs: bigint;
  /** What the Swarm says about the state, and why it is no better: `no suitable node (…)`. */
  readonly message?: string;
  readonly error?: string;
  /** Absent until the container was created. */
  readonly containerId?: string;
  readonly attachments: readonly TaskAttachment[];
  /**
   * The TCP ports that it publishes on its node with `mode=host`. Docker 20.10 does not tell them any more once the node
   * has reported the task again, as after a change of the leader.
   */
  readonly hostPorts: readonly PublishedPort[];
  /** Whether it has run for a while, and the Swarm does not tell which ports of its node it publishes. */
  readonly arePortsUntold?: true;
}

export interface SwarmNode {
  readonly id: string;
  readonly hostname: string;
  /** The address that the managers know it by; absent where that is unknown. */
  readonly address?: string;
  readonly state: 'unknown' | 'down' | 'ready' | 'disconnected';
  readonly availability: 'active' | 'pause' | 'drain';
  readonly isManager: boolean;
}

/**
 * The last known state of a Swarm, or of all Swarms whose managers are watched. It is kept while no manager answers. What
 * did not change is the same object as before.
 */
export interface SwarmSnapshot {
  /** All services, also those without labels of Sealane. */
  readonly services: ReadonlyMap<string, SwarmService>;
  /**
   * The tasks of services that have labels of Sealane, or put them on containers: those that are desired to run or to
   * become ready, and those that still run although they are not.
   */
  readonly tasks: ReadonlyMap<string, SwarmTask>;
  readonly nodes: ReadonlyMap<string, SwarmNode>;
  /** By service: its last task that failed or was rejected, with the reason; until all tasks that it wants run. */
  readonly failed: ReadonlyMap<string, SwarmTask>;
  /** Why the Swarm can't be asked; safe to print. Absent while it answers. */
  readonly failure?: string;
}

/** The Swarm as Sealane's own node sees it. */
export interface SwarmView {
  readonly snapshot: SwarmSnapshot;
  /** The node of the engine that Sealane is on, whose tasks that engine tells of; undefined where it is unknown or none. */
  readonly localNodeId: string | undefined;
  /** Whether every manager that told of it is out of reach, so that tasks which are newer may run. */
  readonly isLastKnown?: boolean;
}
