import { readFileSync, writeFileSync } from 'node:fs';
import { run } from '../../../dev/machine/command.ts';
import { createProbe } from '../../../src/health/probe.ts';
import { createDirectNetworks } from '../../../src/network/direct-networks.ts';
import { createStreamDriver } from '../../../src/relay/driver/stream/driver.ts';
import { dispatcherRig, publishAndBind, untilKernel, type DispatcherRig } from '../sockets/rig.ts';
import { dial } from '../sockets/sockets.ts';
import { spliceHere } from '../sockets/splice.ts';
import { pool, table, upstream } from '../sockets/tables.ts';

/**
 * A process that must have a network namespace of its own. It makes a bridge with a network, and a default route
 * through another interface; it dials an address of the network while the bridge is there and after it was removed, and
 * prints how each dial failed and how many packets left by the default route.
 */
const hosts = ['10.77.0.2', 'fd77::2'];
const cases = ['splice', 'stream'].flatMap((driver) => hosts.map((host) => ({ driver, host })));
const outside = [
  'link set lo up',
  'link add out0 type veth peer name out1',
  // The kernel sends nothing of its own through these, so that every packet is a dial's.
  'link set out0 addrgenmode none',
  'link set out1 addrgenmode none',
  'link set out0 arp off multicast off up',
  'link set out1 arp off multicast off up',
  'address add 198.51.100.1/24 dev out0',
  'address add 2001:db8::1/64 dev out0 nodad',
  'route add default via 198.51.100.7 dev out0',
  '-6 route add default via 2001:db8::7 dev out0',
];
const bridge = [
  'link add bridge0 type bridge',
  'link set bridge0 up',
  'address add 10.77.0.1/24 dev bridge0',
  'address add fd77::1/64 dev bridge0 nodad',
];

writeFileSync('/proc/sys/net/ipv6/conf/default/router_solicitations', '0');
await ip(...outside, ...bridge);
// The kernel repeats the first packet of a dial after a second, when the bridge is gone. Node can't keep it from doing so:
// over IPv6 it always does, and over IPv4 in the moment between the removal of the bridge's routes and of its addresses.
const underWay = cases.filter(({ driver }) => driver === 'splice');
const pending = await counted(async () => {
  const failures = underWay.map((one) => failureOf(one, true, 1_300));
  await untilKernel(() => dialsUnderWay() >= underWay.length);
  await ip('link delete bridge0');
  return Promise.all(failures);
});
const gone = await counted(() => Promise.all(cases.map((one) => failureOf(one, true, 200))));
const routed = await counted(() => Promise.all(cases.map((one) => failureOf(one, false, 200))));
const probe = createProbe(createDirectNetworks());
const probed = await counted(() => Promise.all(hosts.map(failedProbe)));
process.stdout.write(JSON.stringify({ pending, gone, routed, probed }));

async function ip(...commands: readonly string[]): Promise<void> {
  for (const command of commands) await run('ip', command.split(' '));
}

/** The result of `task`, and how many packets left by the default route meanwhile. */
async function counted<T>(task: () => Promise<T>): Promise<{ readonly failures: T; readonly left: number }> {
  const before = packetsOut();
  const failures = await task();
  return { failures, left: packetsOut() - before };
}

async function failureOf({ driver, host }: (typeof cases)[0], isDirect: boolean, connectTimeoutMs: number) {
  await using rig = createRig(driver);
  const one = upstream('a', { endpoints: [{ host, port: 80, isDirect }] });
  const port = await publishAndBind(rig, table([pool([one], { connectTimeoutMs })]));
  await using client = await dial(port);
  const { error } = await rig.suspects.find(() => true);
  client.socket.destroy();
  return `${driver} ${error}`;
}

async function failedProbe(host: string): Promise<unknown> {
  const never = new AbortController().signal;
  const result = await probe({ host, port: 80, isDirect: true }, { kind: 'readiness' }, never);
  return result.ok || result.reason;
}

function createRig(driver: string): DispatcherRig {
  if (driver === 'stream') return dispatcherRig(() => createStreamDriver());
  const splice = spliceHere();
  return dispatcherRig(() => splice.driver, splice.stop);
}

/** How many dials wait for their answer: sockets in the state SYN_SENT (proc(5), /proc/net/tcp). */
function dialsUnderWay(): number {
  const sockets = ['tcp', 'tcp6'].map((file) => readFileSync(`/proc/net/${file}`, 'utf8')).join('');
  return sockets.split(/ [\dA-F]+:0050 02 /).length - 1;
}

function packetsOut(): number {
  // Fields behind the name: eight of what was received, then bytes and packets that were sent (proc(5), /proc/net/dev).
  const [, fields = ''] = /^\s*out0:\s*(.*)$/m.exec(readFileSync('/proc/net/dev', 'utf8')) ?? [];
  return Number(fields.split(/\s+/)[9]);
}
