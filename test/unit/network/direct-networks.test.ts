import { describe, expect, test } from 'vitest';
import { createDirectNetworks, type DirectPath } from '../../../src/network/direct-networks.ts';
import { parseRoutes } from '../../../src/network/kernel-routes.ts';

/** The files as Linux 6.18 prints them. */
const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const toRouter = 'eth0\t00000000\t076433C6\t0003\t0\t0\t0\t00000000\t0\t0\t0\n';
const bridge = 'bridge0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n';
const viaRouter = 'eth0\t00004D0A\t076433C6\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0\n';
const rejected = '*\t00004D0A\t00000000\t0200\t0\t0\t0\t0000FFFF\t0\t0\t0\n';
const toVpn = 'wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n';
const zero = '0'.repeat(32);
const bridge6 = `fd770000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001  bridge0\n`;
const router6 = `${zero} 00 ${zero} 00 20010db8000000000000000000000007 00000400 00000001 00000000 00000003     eth0\n`;
const none6 = `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo\n`;

const direct: DirectPath = { kind: 'direct', device: 'bridge0' };
const none: DirectPath = { kind: 'none', isRouted: false };
const routed: DirectPath = { kind: 'none', isRouted: true };

function knows(v4: string | undefined, v6?: string) {
  let nowMs = 0;
  let reads = 0;
  const files = new Map([
    ['/proc/net/route', v4],
    ['/proc/net/ipv6_route', v6],
  ]);
  const networks = createDirectNetworks({
    nowMs: () => nowMs,
    readText(path) {
      reads += 1;
      return files.get(path);
    },
  });
  return {
    find: (host: string) => networks.find(host),
    version: () => networks.version(),
    set: (text: string | undefined) => void files.set('/proc/net/route', text),
    pass: (ms: number) => void (nowMs += ms),
    reads: () => reads,
  };
}

describe('an address is direct', () => {
  test.each([
    ['on a network of this machine', header + toRouter + bridge, '10.77.0.2', direct],
    ['whatever the wider routes around it say', header + rejected + bridge + toVpn, '10.77.0.2', direct],
    ['but not beside that network', header + toRouter + bridge, '10.77.1.2', none],
    ['but not where packets are rejected', header + rejected + bridge, '10.77.1.2', none],
    ['but not by the default route of a VPN, which names no router', header + toVpn, '10.77.0.2', none],
    ['but not without any route', header, '10.77.0.2', none],
    ['but not through a router, to which a route of its own leads', header + toRouter + viaRouter, '10.77.0.2', routed],
  ])('%s', (_, text, host, path) => {
    expect(knows(text).find(host)).toEqual(path);
  });

  test.each([
    ['fd77::2', direct],
    ['fd77:0:0:0:0:0:0:2', direct],
    ['fd77::2%bridge0', direct],
    ['fd78::2', none],
    ['::1', none],
  ])('over IPv6: %s', (host, path) => {
    expect(knows(undefined, bridge6 + router6 + none6).find(host)).toEqual(path);
  });

  test('by the route with the lowest metric of several with one prefix', () => {
    const worse = 'eth1\t00004D0A\t076433C6\t0003\t0\t0\t100\t00FFFFFF\t0\t0\t0\n';
    expect(knows(header + worse + bridge).find('10.77.0.2')).toEqual(direct);
    const better = bridge.replace('\t0\t00FFFFFF', '\t200\t00FFFFFF');
    expect(knows(header + worse + better).find('10.77.0.2')).toEqual(routed);
  });
});

describe('what is known of the networks', () => {
  test('is unknown where the kernel’s routes can’t be read', () => {
    expect(knows(undefined).find('10.77.0.2')).toEqual({ kind: 'unknown' });
  });

  test('is what it was where the routes can’t be read any more, so that no packet leaves for want of a descriptor', () => {
    const networks = knows(header + toRouter + bridge);
    expect(networks.find('10.77.1.2')).toEqual(none);
    networks.set(undefined);
    networks.pass(1_000);
    expect(networks.find('10.77.1.2')).toEqual(none);
    expect(networks.find('10.77.0.2')).toEqual(direct);
  });

  test('is a tenth of a second old at most, and new within a hundredth where there was no network', () => {
    const networks = knows(header + bridge);
    expect(networks.find('10.77.0.2')).toEqual(direct);
    networks.set(header);
    networks.pass(99);
    expect(networks.find('10.77.0.2')).toEqual(direct);
    networks.pass(1);
    expect(networks.find('10.77.0.2')).toEqual(none);
    networks.set(header + bridge);
    networks.pass(9);
    expect(networks.find('10.77.0.2')).toEqual(none);
    networks.pass(1);
    expect(networks.find('10.77.0.2')).toEqual(direct);
    expect(networks.reads()).toBe(3);
  });

  test('has another version after each change, and is the same until then', () => {
    const networks = knows(header + toRouter, none6);
    const first = networks.version();
    const used = toRouter.replace('\t0003\t0\t0\t', '\t0003\t1\t7\t');
    networks.set(header + used);
    networks.pass(1_000);
    expect(networks.version()).toBe(first);
    networks.set(header + bridge);
    expect(networks.version()).toBe(first);
    networks.pass(10);
    const second = networks.version();
    expect(second).not.toBe(first);
    networks.set(undefined);
    networks.pass(1_000);
    expect(networks.version()).toBe(second);
    networks.set(header);
    networks.pass(1_000);
    expect([first, second]).not.toContain(networks.version());
  });

  test('is read once for many addresses, and seldom where there are many routes', () => {
    const networks = knows(header + bridge.repeat(2_000));
    for (let nth = 1; nth < 250; nth++) networks.find(`10.77.0.${nth}`);
    networks.find('10.78.0.1');
    networks.pass(199);
    networks.find('10.77.0.1');
    networks.find('10.78.0.1');
    expect(networks.reads()).toBe(1);
  });
});

test('an address in the kernel’s file is in the machine’s byte order', () => {
  const [little] = parseRoutes(bridge, false);
  const [big] = parseRoutes('bridge0\t0A4D0000\t00000000\t0001\t0\t0\t0\tFFFFFF00\t0\t0\t0\n', true);
  expect(little).toEqual({ ...big });
  expect(big).toMatchObject({ destination: 0x0a4d0000n, prefixLength: 24 });
});

test.each(['', 'nonsense', `${header}eth0\tXX\t0\t1\n`])('a text that is no table of routes has none: %j', (text) => {
  expect(parseRoutes(text, false)).toEqual([]);
  expect(knows(text, text).find('fd77::2')).toEqual(none);
});
