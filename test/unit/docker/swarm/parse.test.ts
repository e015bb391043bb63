import { describe, expect, test } from 'vitest';
import { parseNode, parseService, parseStanding, parseTask } from '../../../../src/docker/swarm/parse.ts';
import { Templates } from '../../../../src/docker/swarm/templates.ts';

const service = {
  ID: 'web',
  CreatedAt: '2026-01-01T00:00:00Z',
  Spec: { Name: 'web', TaskTemplate: { ContainerSpec: {} }, Mode: { Replicated: { Replicas: 2 } } },
};
const task = {
  ID: 'task',
  ServiceID: 'web',
  CreatedAt: '2026-01-01T00:00:00Z',
  DesiredState: 'running',
  Status: { Timestamp: '2026-01-01T00:00:01.000000007Z', State: 'running' },
};
const node = { ID: 'n1', Spec: { Role: 'worker', Availability: 'active' }, Status: { State: 'ready' } };

function serviceOf(change: object): unknown {
  return parseService({ ...service, ...change }, new Templates());
}

function taskOf(change: object): unknown {
  return parseTask({ ...task, ...change }, new Templates());
}

const read = (value: object): object => ({ ok: true, value: expect.objectContaining(value) as object });

describe('the standing of an engine', () => {
  test.each([
    ['nothing', undefined],
    ['nothing of a Swarm', {}],
    ['nothing that can be understood', { Swarm: 7 }],
    ['of a state that is not known', { Swarm: { LocalNodeState: 'sideways', ControlAvailable: true } }],
    ['that it is in none', { Swarm: { NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false } }],
  ])('is outside where it tells %s', (_, info) => {
    expect(parseStanding(info)).toEqual({ state: 'inactive', isManager: false });
  });

  test('is that of a node that is no manager while it is locked', () => {
    const info = { Swarm: { LocalNodeState: 'locked', ControlAvailable: true, NodeID: 'n1' } };
    expect(parseStanding(info)).toEqual({ state: 'locked', isManager: false, nodeId: 'n1' });
  });
});

describe('a service', () => {
  test('that is global has no number of replicas', () => {
    expect(serviceOf({ Spec: { ...service.Spec, Mode: { Global: {} } } })).toEqual(
      read({ id: 'web' }) && {
        ok: true,
        value: expect.not.objectContaining({ replicas: expect.anything() as unknown }),
      },
    );
  });

  test.each([{ ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 4 } }, { GlobalJob: {} }])(
    'that is a job is known as one: %j',
    (Mode) => {
      expect(serviceOf({ Spec: { ...service.Spec, Mode } })).toEqual(read({ isJob: true }));
    },
  );

  test('without replicas has none, as Go leaves out a zero', () => {
    expect(serviceOf({ Spec: { ...service.Spec, Mode: { Replicated: {} } } })).toEqual(read({ replicas: 0 }));
  });

  test.each([
    ['updating', true],
    ['rollback_started', true],
    ['completed', false],
    ['paused', false],
    ['rollback_paused', false],
  ])('in the state %s of its update: %s that it goes on', (State, isUpdating) => {
    expect(serviceOf({ UpdateStatus: { State } })).toEqual(read({ isUpdating }));
  });

  test('of a plugin has a template without labels', () => {
    const Spec = { ...service.Spec, TaskTemplate: { PluginSpec: { Name: 'x' } } };
    expect(serviceOf({ Spec })).toEqual(read({ template: { labels: {}, hasHealthcheck: false, stopGraceMs: 10_000 } }));
  });

  test.each([
    [['CMD', 'true'], true],
    [['NONE'], false],
    [[], false],
  ])('with the health check %j: %s that it gives one to its containers', (Test, hasHealthcheck) => {
    const Spec = { ...service.Spec, TaskTemplate: { ContainerSpec: { Healthcheck: { Test } } } };
    expect(serviceOf({ Spec })).toEqual(read({ template: expect.objectContaining({ hasHealthcheck }) }));
  });

  test('publishes TCP ports on the nodes of its tasks, at a port that it names or that the node chooses', () => {
    const port = { Protocol: 'tcp', TargetPort: 80, PublishMode: 'host' };
    const Ports = [
      { ...port, PublishedPort: 8080 },
      { ...port, TargetPort: 81 },
      { ...port, PublishMode: 'ingress', PublishedPort: 82 },
      { ...port, Protocol: 'udp', PublishedPort: 53 },
    ];
    expect(serviceOf({ Spec: { ...service.Spec, EndpointSpec: { Mode: 'dnsrr', Ports } } })).toEqual(
      read({ hostPorts: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }] }),
    );
  });

  test('with labels that inherit from others has only its own', () => {
    const labels = JSON.parse('{"__proto__":"x"}') as object;
    const parsed = parseService({ ...service, Spec: { ...service.Spec, Labels: labels } }, new Templates());
    expect(parsed.ok && Object.entries(parsed.value.labels)).toEqual([['__proto__', 'x']]);
  });

  test.each([
    ['a name', { Spec: { ...service.Spec, Name: undefined } }, 'Spec.Name'],
    ['an id', { ID: '../x' }, 'ID'],
    ['a time', { CreatedAt: 'noon' }, 'CreatedAt'],
  ])('without %s is not understood', (_, change, where) => {
    expect(serviceOf(change)).toMatchObject({ ok: false, why: expect.stringContaining(where) as string });
  });
});

describe('a task', () => {
  test('that has no node yet tells nothing of one', () => {
    expect(taskOf({ NodeID: '', Slot: 0, Status: { ...task.Status, ContainerStatus: { ContainerID: '' } } })).toEqual({
      ok: true,
      value: {
        id: 'task',
        serviceId: 'web',
        template: { labels: {}, hasHealthcheck: false, stopGraceMs: 10_000 },
        createdAtMs: Date.UTC(2026, 0, 1),
        desiredState: 'running',
        state: 'running',
        stateAtNs: 1_767_225_601_000_000_007n,
        attachments: [],
        hostPorts: [],
      },
    });
  });

  test('of no service is a container that joined an overlay by hand', () => {
    expect(taskOf({ ServiceID: '' })).toEqual({ ok: true, value: undefined });
  });

  test('has its addresses without prefixes, those of IPv4 first, and nothing that is none', () => {
    const Network = { ID: 'ov', Spec: { Name: 'shop_default' }, DriverState: { Name: 'overlay' } };
    const Addresses = ['fd00::3/64', '10.0.1.3/24', 'nowhere/8'];
    expect(taskOf({ NetworksAttachments: [{ Network, Addresses }, { Network: null }] })).toEqual(
      read({
        attachments: [
          { networkId: 'ov', networkName: 'shop_default', driver: 'overlay', addresses: ['10.0.1.3', 'fd00::3'] },
        ],
      }),
    );
  });

  test('publishes the TCP ports of its node, each once', () => {
    const port = { Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'host' };
    const Ports = [
      port,
      port,
      { ...port, Protocol: 'udp', PublishedPort: 53 },
      { ...port, PublishMode: 'ingress', PublishedPort: 81 },
      { ...port, PublishedPort: 0 },
      { ...port, PublishedPort: 70_000 },
    ];
    expect(taskOf({ Status: { ...task.Status, PortStatus: { Ports } } })).toEqual(
      read({ hostPorts: [{ containerPort: 80, hostIp: '', hostPort: 8080 }] }),
    );
  });
});

describe('a node', () => {
  test.each([
    ['that the managers see', { Status: { State: 'ready', Addr: '10.77.0.2' } }, '10.77.0.2'],
    ['of its manager', { Status: { Addr: '0.0.0.0' }, ManagerStatus: { Addr: '10.77.0.1:2377' } }, '10.77.0.1'],
    ['of its manager, of IPv6', { Status: { Addr: '::' }, ManagerStatus: { Addr: '[fd00::1]:2377' } }, 'fd00::1'],
    ['of no other machine', { Status: { Addr: '127.0.0.1' } }, undefined],
    ['that is none', { Status: { Addr: 'node1' } }, undefined],
    ['that is missing', {}, undefined],
  ])('has the address %s', (_, change, address) => {
    const parsed = parseNode({ ...node, ...change });
    expect(parsed.ok && parsed.value.address).toBe(address);
  });

  test('with states that are not known is one that is not known to be down, and takes tasks', () => {
    expect(parseNode({ ID: 'n1', Spec: {}, Status: { State: 'asleep' } })).toEqual({
      ok: true,
      value: { id: 'n1', hostname: '', state: 'unknown', availability: 'active', isManager: false },
    });
  });
});

test('equal templates are one object, also with their labels in another order', () => {
  const templates = new Templates();
  const of = (Labels: object): unknown => templates.of({ ContainerSpec: { Labels } } as Parameters<Templates['of']>[0]);
  expect(of({ a: '1', b: '2' })).toBe(of({ b: '2', a: '1' }));
  expect(of({ a: '1' })).not.toBe(of({ a: '2' }));
});
