import type { ContainerTaskSpec, ServiceSpec } from 'dockerode';
import { z } from 'zod';
import type { EngineClient } from '../../../src/demo/engine-client.ts';
import { uniqueName } from '../engine/containers.ts';
import { eventually } from '../engine/replica.ts';
import { managerClient, type TestSwarm } from './test-swarm.ts';

/**
 * A service of the Swarm whose tasks serve their own names over HTTP on port 8080, and what operators do with it. A task
 * that is told to stop serves for another half a second, as `sealane whoami` does: a proxy hears of it a moment later.
 */
export interface ServiceOptions {
  readonly name?: string;
  /** Default: 2. `global`: one task on each node. `job`: one task that may come to an end. */
  readonly replicas?: number | 'global' | 'job';
  /** The labels of the service (`docker service create --label`), and of its containers (`--container-label`). */
  readonly labels?: Readonly<Record<string, string>>;
  readonly containerLabels?: Readonly<Record<string, string>>;
  /** Whether its tasks join the overlay network, and whether each publishes its port on its node. Default: both. */
  readonly onOverlay?: boolean;
  readonly hostPorts?: boolean;
  readonly constraints?: readonly string[];
  readonly image?: string;
  /** Other parameters of the containers. */
  readonly container?: ContainerTaskSpec['ContainerSpec'];
}

export interface TaskSight {
  readonly id: string;
  readonly node: string | undefined;
  readonly desired: string;
  readonly state: string;
  readonly container: string | undefined;
  /** The name that it serves; `docker service ps` shows it without the id at its end. */
  readonly name: string;
}

const taskSchema = z
  .object({
    ID: z.string(),
    NodeID: z.string().optional(),
    Slot: z.number().optional(),
    DesiredState: z.string(),
    Status: z.object({
      State: z.string(),
      ContainerStatus: z.object({ ContainerID: z.string().optional() }).optional(),
    }),
  })
  .transform(({ ID, NodeID, Slot, DesiredState, Status }) => ({
    id: ID,
    node: NodeID,
    desired: DesiredState,
    state: Status.State,
    container: Status.ContainerStatus?.ContainerID,
    place: Slot === undefined ? NodeID : String(Slot),
  }));

/** A manager reads all that it stores for each answer, and a Swarm takes seconds for most of what tests wait for. */
export const swarmPauseMs = 150;

/** The trap lets the server go on for a moment. Without it, the shell would ignore SIGTERM as the first process. */
const script =
  `trap 'sleep 0.5; exit 0' TERM; mkdir -p /tmp/www; echo "$TASK" > /tmp/www/index.html; ` +
  `httpd -f -p 8080 -h /tmp/www & wait`;

/** Creates a service. Resolves before its tasks run. */
export async function startService(swarm: TestSwarm, options: ServiceOptions = {}): Promise<SwarmService> {
  const { name = uniqueName('service'), replicas = 2, onOverlay = true, hostPorts = true } = options;
  const client = managerClient(swarm);
  const ports = [{ Protocol: 'tcp', TargetPort: 8080, PublishMode: 'host' }] as const;
  const { id } = await client.createService({
    Name: name,
    Labels: { ...options.labels },
    Mode: modeOf(replicas),
    // The kernel balances virtual addresses with IPVS, which it may not have.
    EndpointSpec: { Mode: 'dnsrr', Ports: hostPorts ? [...ports] : [] },
    TaskTemplate: {
      ContainerSpec: {
        Image: options.image ?? swarm.image,
        Command: ['sh', '-c', script],
        Env: ['TASK={{.Task.Name}}'],
        Labels: { ...options.containerLabels },
        ...options.container,
      },
      Networks: onOverlay ? [{ Target: swarm.overlay }] : [],
      Placement: { Constraints: [...(options.constraints ?? [])] },
    },
  });
  return new SwarmService(client, id, name);
}

function modeOf(replicas: NonNullable<ServiceOptions['replicas']>): NonNullable<ServiceSpec['Mode']> {
  if (replicas === 'global') return { Global: {} };
  if (replicas === 'job') return { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } };
  return { Replicated: { Replicas: replicas } };
}

export class SwarmService implements AsyncDisposable {
  readonly id: string;
  readonly name: string;
  readonly #client: EngineClient;

  constructor(client: EngineClient, id: string, name: string) {
    this.#client = client;
    this.id = id;
    this.name = name;
  }

  /** All of its tasks that the Swarm remembers. */
  async tasks(): Promise<TaskSight[]> {
    const tasks = z.array(taskSchema).parse(await this.#client.listTasks({ filters: { service: [this.id] } }));
    return tasks.map(({ place, ...task }) => ({ ...task, name: `${this.name}.${place}.${task.id}` }));
  }

  /** Resolves with its tasks that are to run, once these are so many, and all run. */
  async settled(count: number, patienceMs = 60_000): Promise<TaskSight[]> {
    return eventually(
      () => this.wanted(),
      (tasks) => tasks.length === count && tasks.every(({ state }) => state === 'running'),
      patienceMs,
      swarmPauseMs,
    );
  }

  /** Resolves once no task is to run on the node any more. */
  async leaves(nodeId: string): Promise<void> {
    await eventually(
      () => this.wanted(),
      (tasks) => tasks.every(({ node }) => node !== nodeId),
      15_000,
      swarmPauseMs,
    );
  }

  /** Its tasks that are to run. */
  async wanted(): Promise<TaskSight[]> {
    return (await this.tasks()).filter(({ desired }) => ['running', 'ready', 'complete'].includes(desired));
  }

  async scale(replicas: number): Promise<void> {
    await this.change((spec) => ({ ...spec, Mode: { Replicated: { Replicas: replicas } } }));
  }

  /** Replaces all tasks, as `docker service update --force` does. */
  async roll(order: 'start-first' | 'stop-first', parallelism = 1): Promise<void> {
    await this.change((spec) => ({
      ...spec,
      UpdateConfig: { Order: order, Parallelism: parallelism, Monitor: 1 },
      TaskTemplate: { ...spec.TaskTemplate, ForceUpdate: (spec.TaskTemplate?.ForceUpdate ?? 0) + 1 },
    }));
  }

  /** Resolves once an update that replaces tasks is complete. */
  async updated(patienceMs = 90_000): Promise<void> {
    const inspect = async (): Promise<string | undefined> => {
      const { UpdateStatus } = (await this.#client.getService(this.id).inspect()) as {
        UpdateStatus?: { State: string };
      };
      return UpdateStatus?.State;
    };
    await eventually(inspect, (state) => state === 'completed', patienceMs, swarmPauseMs);
  }

  async change(to: (spec: ServiceSpec) => ServiceSpec): Promise<void> {
    const service = this.#client.getService(this.id);
    const { Version, Spec } = (await service.inspect()) as { Version: { Index: number }; Spec: ServiceSpec };
    await service.update({ version: Version.Index, ...to(Spec) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The test may have removed the service already.
    await this.#client
      .getService(this.id)
      .remove()
      .catch((error: { statusCode?: number }) => {
        if (error.statusCode !== 404) throw error;
      });
  }
}
