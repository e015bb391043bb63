import { fakeId } from './containers.ts';

/**
 * A Swarm in memory, as one of its managers answers for it: the JSON of a real one (20.10, API 1.41) for services, tasks
 * and nodes, with the filters that Sealane uses. The first node is the manager.
 */
export interface FakeService {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The labels that it puts on containers. */
  readonly containerLabels: Readonly<Record<string, string>>;
  replicas: number;
}

export interface FakeTask {
  readonly id: string;
  readonly service: FakeService;
  readonly slot: number;
  /** The index of its node. */
  readonly node: number;
  readonly containerId: string;
  /** The address on the overlay network. */
  readonly address: string;
  /** The port that it publishes on its node. */
  readonly hostPort?: number;
  desiredState: string;
  state: string;
}

export interface FakeServiceSpec extends Omit<FakeService, 'id'> {
  /** The port that each task publishes on its node, by the number of the task. */
  readonly hostPort?: (task: number) => number;
}

export const fakeOverlay = 'overlay000000000000000000';

export class FakeSwarm {
  readonly services: FakeService[] = [];
  readonly tasks = new Map<string, FakeTask>();
  readonly #specs = new Map<FakeService, FakeServiceSpec>();
  /** The tasks of each service, and the JSON of each task until it changes. */
  readonly #tasksOf = new Map<string, Set<FakeTask>>();
  readonly #json = new Map<FakeTask, string>();
  readonly #nodes: number;
  #made = 0;
  #version = 1;

  /** `nodes`: how many there are. Tasks are given to them in turn. */
  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  /** Adds a service whose tasks run. */
  add(spec: FakeServiceSpec): FakeService {
    const { hostPort: _hostPort, ...service } = { id: idOf('s', this.services.length), ...spec };
    this.services.push(service);
    this.#specs.set(service, spec);
    this.#tasksOf.set(service.id, new Set());
    for (let slot = 1; slot <= spec.replicas; slot += 1) this.begin(service, slot, 'running');
    return service;
  }

  /** Adds a task, which is desired to run. */
  begin(service: FakeService, slot: number, state = 'new'): FakeTask {
    const number = this.#made++;
    const hostPort = this.#specs.get(service)?.hostPort?.(number);
    const task: FakeTask = {
      id: idOf('t', number),
      service,
      slot,
      node: number % this.#nodes,
      containerId: fakeId(0x80_000 + number),
      // Only that they differ matters: these are addresses for benchmarks (RFC 2544).
      address: `198.18.${(number >> 8) & 255}.${number & 255}`,
      ...(hostPort !== undefined && { hostPort }),
      desiredState: 'running',
      state,
    };
    this.tasks.set(task.id, task);
    this.#tasksOf.get(service.id)?.add(task);
    return task;
  }

  alter(task: FakeTask, change: Partial<Pick<FakeTask, 'state' | 'desiredState'>>): void {
    Object.assign(task, change);
    this.#version += 1;
    this.#json.delete(task);
  }

  /** Removes a task as a Swarm does: without a trace. */
  forget(task: FakeTask): void {
    this.tasks.delete(task.id);
    this.#tasksOf.get(task.service.id)?.delete(task);
    this.#json.delete(task);
  }

  tasksOf(service: FakeService): readonly FakeTask[] {
    return [...(this.#tasksOf.get(service.id) ?? [])];
  }

  /** The body of the answer to a request; undefined where it is none that a Swarm answers. */
  answer(path: string, query: URLSearchParams): string | undefined {
    const filters = readFilters(query.get('filters'));
    switch (path) {
      case '/info':
        return JSON.stringify({ Swarm: this.#standing() });
      case '/services':
        return list(this.services.filter(({ id }) => wants(filters, 'id', id)).map((one) => this.#serviceJson(one)));
      case '/tasks':
        return list(this.#wanted(filters).map((task) => this.#taskJson(task)));
      case '/nodes':
        return list(Array.from({ length: this.#nodes }, (_, node) => JSON.stringify(this.#nodeJson(node))));
      case '/networks/docker_gwbridge':
        return JSON.stringify({ Name: 'docker_gwbridge', Driver: 'bridge', Containers: this.#gateways() });
      default:
        return undefined;
    }
  }

  #wanted(filters: Filters): FakeTask[] {
    const { service, id } = filters;
    const among = service
      ? service.flatMap((one) => [...(this.#tasksOf.get(one) ?? [])])
      : (id?.flatMap((one) => this.tasks.get(one) ?? []) ?? [...this.tasks.values()]);
    return among.filter(({ desiredState }) => wants(filters, 'desired-state', desiredState));
  }

  #standing(): object {
    return {
      NodeID: idOf('n', 0),
      NodeAddr: nodeAddress(0),
      LocalNodeState: 'active',
      ControlAvailable: true,
      Nodes: this.#nodes,
      Managers: 1,
      Cluster: { ID: idOf('c', 0) },
    };
  }

  #serviceJson({ id, name, labels, containerLabels, replicas }: FakeService): string {
    const spec = {
      Name: name,
      Labels: labels,
      TaskTemplate: { ContainerSpec: containerSpec(containerLabels), Networks: [{ Target: fakeOverlay }] },
      Mode: { Replicated: { Replicas: replicas } },
      UpdateConfig: { Parallelism: 1, FailureAction: 'pause', Monitor: 5_000_000_000, Order: 'start-first' },
      EndpointSpec: { Mode: 'dnsrr' },
    };
    const times = { CreatedAt: created, UpdatedAt: created };
    return JSON.stringify({ ID: id, Version: { Index: this.#version }, ...times, Spec: spec, PreviousSpec: spec });
  }

  #taskJson(task: FakeTask): string {
    const known = this.#json.get(task);
    if (known !== undefined) return known;
    const { id, service, slot, node, state, desiredState, containerId, address, hostPort } = task;
    const isPlaced = !['new', 'pending'].includes(state);
    const hasContainer = ['starting', 'running'].includes(state);
    const port = { Protocol: 'tcp', TargetPort: 80, PublishedPort: hostPort, PublishMode: 'host' };
    const text = JSON.stringify({
      ID: id,
      Version: { Index: this.#version },
      CreatedAt: created,
      UpdatedAt: created,
      Labels: {},
      Spec: {
        ContainerSpec: containerSpec(service.containerLabels),
        Resources: { Limits: {}, Reservations: {} },
        Placement: {},
        Networks: [{ Target: fakeOverlay }],
        ForceUpdate: 0,
      },
      ServiceID: service.id,
      Slot: slot,
      ...(isPlaced && { NodeID: idOf('n', node) }),
      Status: {
        Timestamp: created,
        State: state,
        Message: 'started',
        ...(hasContainer && { ContainerStatus: { ContainerID: containerId, PID: 4242, ExitCode: 0 } }),
        // A node lists each port twice: for IPv4 and for IPv6.
        PortStatus: hasContainer && hostPort !== undefined ? { Ports: [port, port] } : {},
      },
      DesiredState: desiredState,
      NetworksAttachments: isPlaced ? [{ Network: overlayJson, Addresses: [`${address}/16`] }] : [],
    });
    this.#json.set(task, text);
    return text;
  }

  #nodeJson(node: number): object {
    const isManager = node === 0;
    return {
      ID: idOf('n', node),
      Version: { Index: 20 },
      CreatedAt: created,
      UpdatedAt: created,
      Spec: { Labels: {}, Role: isManager ? 'manager' : 'worker', Availability: 'active' },
      Description: { Hostname: `node${node + 1}`, Platform: { Architecture: 'x86_64', OS: 'linux' } },
      Status: { State: 'ready', Addr: nodeAddress(node) },
      ...(isManager && { ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: `${nodeAddress(0)}:2377` } }),
    };
  }

  #gateways(): object {
    const local = [...this.tasks.values()].filter(({ node, state }) => node === 0 && state === 'running');
    return Object.fromEntries(
      local.map(({ containerId }, index) => [
        containerId,
        { Name: `gateway_${containerId.slice(0, 12)}`, IPv4Address: `198.19.${index >> 8}.${index & 255}/16` },
      ]),
    );
  }
}

/** The labels that the engine of a node puts on the container of a task. */
export function taskLabels({ id, service, slot, node }: FakeTask): Record<string, string> {
  return {
    ...service.containerLabels,
    'com.docker.swarm.node.id': idOf('n', node),
    'com.docker.swarm.service.id': service.id,
    'com.docker.swarm.service.name': service.name,
    'com.docker.swarm.task': '',
    'com.docker.swarm.task.id': id,
    'com.docker.swarm.task.name': `${service.name}.${slot}.${id}`,
  };
}

const created = '2026-01-01T00:00:00.5Z';

const overlayJson = {
  ID: fakeOverlay,
  Version: { Index: 17 },
  CreatedAt: created,
  UpdatedAt: created,
  Spec: {
    Name: 'front',
    Labels: {},
    DriverConfiguration: { Name: 'overlay' },
    Attachable: true,
    IPAMOptions: { Driver: { Name: 'default' }, Configs: [{ Subnet: '198.18.0.0/16', Gateway: '198.18.0.1' }] },
    Scope: 'swarm',
  },
  DriverState: { Name: 'overlay', Options: { 'com.docker.network.driver.overlay.vxlanid_list': '4097' } },
  IPAMOptions: { Driver: { Name: 'default' }, Configs: [{ Subnet: '198.18.0.0/16', Gateway: '198.18.0.1' }] },
};

/** Of the size that a service of some substance has. */
function containerSpec(labels: Readonly<Record<string, string>>): object {
  return {
    Image: `registry.example/shop/service:1.2.3@sha256:${'0123456789abcdef'.repeat(4)}`,
    Labels: labels,
    Env: Array.from({ length: 8 }, (_, index) => `SOME_SETTING_${index}=a value of some length`),
    Init: false,
    StopGracePeriod: 10_000_000_000,
    DNSConfig: {},
    Isolation: 'default',
  };
}

/** 25 letters and digits, as the ids of a Swarm's objects have. */
function idOf(kind: string, number: number): string {
  return `${kind}${number.toString(36).padStart(24, '0')}`;
}

/** An address for documentation (RFC 5737). */
function nodeAddress(node: number): string {
  return `203.0.113.${node + 1}`;
}

type Filters = Readonly<Record<string, readonly string[]>>;

/** An engine takes both of `{"service":["a"]}` and `{"service":{"a":true}}`. */
export function readFilters(text: string | null): Filters {
  const given = JSON.parse(text ?? '{}') as Record<string, readonly string[] | Record<string, boolean>>;
  return Object.fromEntries(
    Object.entries(given).map(([key, values]) => [key, Array.isArray(values) ? values : Object.keys(values)]),
  );
}

function wants(filters: Filters, key: string, value: string): boolean {
  return filters[key]?.includes(value) ?? true;
}

function list(elements: readonly string[]): string {
  return `[${elements.join(',')}]`;
}
