import { describe, expect, test } from 'vitest';
import { dockerDialect } from '../../../src/docker/dialect.ts';
import { parseInspect, parseListRow } from '../../../src/docker/parse.ts';

const id = 'c0ffee'.padEnd(64, '0');

const minimal = {
  Id: id,
  Name: '/web',
  Created: '2026-01-01T00:00:00Z',
  State: { Status: 'running' },
  Config: {},
};

function inspected(change: object): ReturnType<typeof parseInspect> {
  return parseInspect({ ...minimal, ...change }, dockerDialect);
}

function value<T>(parsed: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }): T {
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.value;
}

describe('an inspected container', () => {
  test('is read whole, as engine 20.10 reports it', () => {
    const json = {
      ...minimal,
      Platform: 'linux',
      State: {
        Status: 'running',
        Running: true,
        StartedAt: '2026-01-01T00:00:01.000000007Z',
        Health: { Status: 'healthy', FailingStreak: 0, Log: [{}] },
      },
      Config: {
        Labels: { 'sealane.port': '80' },
        ExposedPorts: { '9000/udp': {}, '8080/tcp': {}, '80/tcp': {} },
        StopSignal: 'SIGINT',
        StopTimeout: 3,
      },
      HostConfig: { NetworkMode: 'shop_default' },
      NetworkSettings: {
        Networks: {
          shop_default: { NetworkID: 'n2', IPAddress: '10.0.0.2', GlobalIPv6Address: 'fd00::2' },
          back: { NetworkID: 'n1', IPAddress: '', GlobalIPv6Address: '' },
        },
        Ports: {
          '80/tcp': [
            { HostIp: '0.0.0.0', HostPort: '8080' },
            { HostIp: '::', HostPort: '8080' },
          ],
          '9000/udp': [{ HostIp: '0.0.0.0', HostPort: '9000' }],
          '8080/tcp': null,
        },
      },
    };
    expect(value(parseInspect(json, dockerDialect))).toEqual({
      id,
      name: 'web',
      labels: { 'sealane.port': '80' },
      createdAtMs: 1_767_225_600_000,
      startedAtNs: 1_767_225_601_000_000_007n,
      state: 'running',
      health: 'healthy',
      networking: {
        kind: 'networks',
        attachments: [
          { name: 'back', networkId: 'n1' },
          { name: 'shop_default', networkId: 'n2', ipv4: '10.0.0.2', ipv6: 'fd00::2' },
        ],
      },
      exposedPorts: [80, 8080],
      publishedPorts: [
        { containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 },
        { containerPort: 80, hostIp: '::', hostPort: 8080 },
      ],
      stopSignal: 'SIGINT',
      stopTimeoutMs: 3000,
    });
  });

  test('needs few fields besides its id, and gets the engine’s defaults for the others', () => {
    expect(value(parseInspect(minimal, dockerDialect))).toEqual({
      id,
      name: 'web',
      labels: {},
      createdAtMs: 1_767_225_600_000,
      startedAtNs: 0n,
      state: 'running',
      health: 'none',
      networking: { kind: 'networks', attachments: [] },
      exposedPorts: [],
      publishedPorts: [],
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
    });
  });

  test('may have null wherever the engine writes null for an empty value', () => {
    const json = {
      State: { Status: 'running', Health: null, StartedAt: '0001-01-01T00:00:00Z' },
      Config: { Labels: null, ExposedPorts: null, StopSignal: null, StopTimeout: null },
      HostConfig: null,
      NetworkSettings: { Networks: null, Ports: null },
    };
    expect(value(inspected(json))).toEqual(value(parseInspect(minimal, dockerDialect)));
  });

  test.each([
    ['host', { kind: 'host' }],
    ['none', { kind: 'none' }],
    ['container:abc', { kind: 'container', of: 'abc' }],
    ['bridge', { kind: 'networks', attachments: [] }],
  ])('with network mode %s has the networking of that mode', (NetworkMode, networking) => {
    expect(value(inspected({ HostConfig: { NetworkMode } })).networking).toEqual(networking);
  });

  test('that was moved from `none` to a network is on that network', () => {
    const json = {
      HostConfig: { NetworkMode: 'none' },
      NetworkSettings: { Networks: { back: { NetworkID: 'n1', IPAddress: '10.0.0.9' } } },
    };
    expect(value(inspected(json)).networking).toEqual({
      kind: 'networks',
      attachments: [{ name: 'back', networkId: 'n1', ipv4: '10.0.0.9' }],
    });
  });

  test('with stop timeout -1 has an infinite stop timeout', () => {
    expect(value(inspected({ Config: { StopTimeout: -1 } })).stopTimeoutMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('in a state that only Podman has counts as running if its Running field is true', () => {
    expect(value(inspected({ State: { Status: 'stopping', Running: true } })).state).toBe('running');
    expect(value(inspected({ State: { Status: 'initialized' } })).state).toBe('exited');
  });

  test('has a process to watch only where the engine tells of deaths late', () => {
    const json = { ...minimal, State: { Status: 'running', Pid: 4711 } };
    expect(value(parseInspect(json, { isLate: true })).process).toBe(4711);
    expect(value(parseInspect(json, dockerDialect))).not.toHaveProperty('process');
    expect(value(parseInspect({ ...json, State: { Pid: 0 } }, { isLate: true }))).not.toHaveProperty('process');
  });

  test('has the addresses of its network cards only where the engine tells of deaths late', () => {
    const network = (MacAddress: string) => ({ NetworkID: 'n1', IPAddress: '10.0.0.9', MacAddress });
    const facts = (MacAddress: string, isLate: boolean) =>
      value(parseInspect({ ...minimal, NetworkSettings: { Networks: { back: network(MacAddress) } } }, { isLate }));
    const attachment = { name: 'back', networkId: 'n1', ipv4: '10.0.0.9' };
    const card = { ...attachment, hardware: '7e:cc:10:aa:6b:a2' };
    expect(facts('7E:CC:10:AA:6B:A2', true).networking).toEqual({ kind: 'networks', attachments: [card] });
    // The kernel draws addresses that are locally administered: another one was given, perhaps to several containers.
    const given = ['00:16:3e:aa:6b:a2', '03:16:3e:aa:6b:a2'].map((one) => facts(one, true));
    for (const other of [facts('7E:CC:10:AA:6B:A2', false), facts('', true), facts('7e:cc', true), ...given])
      expect(other.networking).toEqual({ kind: 'networks', attachments: [attachment] });
  });

  test('has its health under either name that Podman gives it', () => {
    const State = { Status: 'running', Running: true };
    expect(value(inspected({ State: { ...State, Healthcheck: { Status: 'unhealthy' } } })).health).toBe('unhealthy');
    expect(value(inspected({ State: { ...State, Health: { Status: '' } } })).health).toBe('none');
  });

  test('keeps labels that are named like members of Object.prototype', () => {
    const json = JSON.parse(
      JSON.stringify({ ...minimal, Config: { Labels: { x: '1' } } }).replace(
        '"x":"1"',
        '"__proto__":"evil","constructor":"c","sealane.port":"80"',
      ),
    ) as unknown;
    const { labels } = value(parseInspect(json, dockerDialect));
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'evil'],
      ['constructor', 'c'],
      ['sealane.port', '80'],
    ]);
    expect(labels['toString']).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test('may have labels of a megabyte', () => {
    const Labels = { 'sealane.port': 'x'.repeat(1024 * 1024) };
    expect(value(inspected({ Config: { Labels } })).labels['sealane.port']).toHaveLength(1024 * 1024);
  });

  test.each([
    ['null', null],
    ['a string', 'hello'],
    ['no id', { ...minimal, Id: undefined }],
    ['an id that is none', { ...minimal, Id: '../../x' }],
    ['labels that are not strings', { ...minimal, Config: { Labels: { a: 1 } } }],
    ['labels that are a list', { ...minimal, Config: { Labels: ['a'] } }],
    ['a time that is none', { ...minimal, Created: 'soon' }],
    ['a start that is none', { ...minimal, State: { StartedAt: 'soon' } }],
  ])('made of %s is refused with a reason in one line', (_, json) => {
    const parsed = parseInspect(json, dockerDialect);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? '' : parsed.why).toMatch(/^[^\n]{3,100}$/);
  });
});

const row = {
  Id: id,
  Names: ['/web', '/other/alias'],
  Created: 1_767_225_600,
  Labels: { a: '1', b: '2' },
  State: 'running',
  Status: 'Up 3 seconds (healthy)',
  Ports: [
    { PrivatePort: 80, Type: 'tcp' },
    { PrivatePort: 81, Type: 'tcp' },
  ],
  HostConfig: { NetworkMode: 'bridge' },
  NetworkSettings: {
    Networks: { bridge: { NetworkID: 'n', EndpointID: 'e', IPAddress: '172.17.0.2', GlobalIPv6Address: 'fd00::2' } },
  },
};

function fingerprintOf(change: object): string {
  return value(parseListRow({ ...row, ...change })).fingerprint;
}

describe('a row of the list', () => {
  test('gives names, labels and addresses', () => {
    expect(value(parseListRow(row))).toMatchObject({
      id,
      names: ['web', 'other/alias'],
      labels: { a: '1', b: '2' },
      addresses: ['172.17.0.2', 'fd00::2'],
    });
  });

  test('may have been created at a time that is a text, as with some versions of Podman', () => {
    expect(fingerprintOf({ Created: '2026-01-01T00:00:00Z' })).not.toBe(fingerprintOf({}));
  });

  test('may lack everything but its id', () => {
    expect(
      value(parseListRow({ Id: id, Names: null, Labels: null, Ports: null, NetworkSettings: null })),
    ).toMatchObject({
      names: [],
      addresses: [],
    });
  });

  test.each([
    ['time passes', { Status: 'Up 4 hours (healthy)' }],
    ['the engine lists the ports in another order', { Ports: row.Ports.toReversed() }],
    ['the engine lists the labels in another order', { Labels: { b: '2', a: '1' } }],
  ])('has the same fingerprint when %s', (_, change) => {
    expect(fingerprintOf(change)).toBe(fingerprintOf({}));
  });

  test.each([
    ['its health', { Status: 'Up 3 seconds (unhealthy)' }],
    ['its state', { State: 'paused' }],
    ['its name', { Names: ['/web2'] }],
    ['a label', { Labels: { a: '1', b: '3' } }],
    ['a port', { Ports: [] }],
    ['its networks', { NetworkSettings: { Networks: {} } }],
    [
      'its endpoint, as by a restart',
      { NetworkSettings: { Networks: { bridge: { ...row.NetworkSettings.Networks.bridge, EndpointID: 'f' } } } },
    ],
  ])('has another fingerprint when %s changes', (_, change) => {
    expect(fingerprintOf(change)).not.toBe(fingerprintOf({}));
  });
});
