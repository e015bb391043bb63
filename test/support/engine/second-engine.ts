import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectNamespace, createNetwork, poolPrefix, removeNetwork } from '../../../dev/engine/network.ts';
import { engineVariable } from '../../../dev/engine/processes.ts';
import { supervised } from '../../../dev/engine/supervised.ts';
import { run } from '../../../dev/machine/command.ts';
import { connect, type EngineClient } from '../../../src/demo/engine-client.ts';
import { eventually } from './replica.ts';

/**
 * A private Docker engine in a network namespace of its own, whose containers' addresses are reached from here:
 *
 *   this machine ── 10.N.0.0/16 ──▶ a pair of veth ──▶ the namespace: bridge ── containers
 *
 * While the way is not there, and after it, the addresses are unreachable. Namespace, bridges and the way end with the
 * supervisor, which ends with this process.
 */
export interface SecondEngine extends AsyncDisposable {
  readonly host: string;
  readonly client: EngineClient;
  /** Kills the daemon, as a crash would. Its containers run on. */
  kill(): Promise<void>;
  /** Starts the daemon again, which ends the containers of its former run and starts those with a restart policy. */
  restart(): Promise<void>;
}

export async function startSecondEngine(): Promise<SecondEngine> {
  await using stack = new AsyncDisposableStack();
  const name = `sway-${crypto.randomUUID().slice(0, 8)}`;
  // The bridge only claims the range, which the engine gives to a bridge in its own namespace.
  const { pool } = await createNetwork(name);
  stack.defer(() => removeNetwork(pool));
  await run('ip', ['link', 'del', name]);
  const { ready, pid, release } = await supervised('docker', { onProgress: () => {}, before: inNamespaceFor(pool) });
  stack.defer(release);
  const { host, folder } = ready;
  const inside: Inside = ['nsenter', `--net=/proc/${pid}/ns/net`];
  await makeWay(name, pool, pid, inside);
  // The device outlives its namespace by a moment, unless it is removed.
  stack.defer(async () => void (await run('ip', ['link', 'del', name])));
  const client = connect(host);
  const kept = stack.move();
  return {
    host,
    client,
    kill: () => killDaemon(folder),
    async restart() {
      const daemon = ['dockerd', '--config-file', join(folder, 'daemon.json')];
      // The supervisor finds the daemon by the variable, and ends it.
      spawn(inside[0], [inside[1], `--mount=/proc/${pid}/ns/mnt`, ...daemon], {
        stdio: 'ignore',
        detached: true,
        env: { ...process.env, [engineVariable]: folder },
      }).unref();
      await eventually(
        () =>
          client.ping().then(
            () => true,
            () => false,
          ),
        Boolean,
      );
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The kernel's settings of IPv4 (ip-sysctl). */
const ipv4 = '/proc/sys/net/ipv4';

/** The command that runs another one in the namespace. */
type Inside = readonly [program: string, namespace: string];

/**
 * The command that runs another one in a new namespace, where all ranges but `pool` seem taken. An engine that finds
 * forwarding switched off switches it on, and drops what is forwarded to its containers from then on. It is as it is on
 * this machine in a new namespace.
 */
function inNamespaceFor(pool: string): readonly string[] {
  const others = Array.from({ length: 256 }, (_, octet) => `10.${octet}.0.0/16`).filter((range) => range !== pool);
  const routes = others.map((range) => `route add unreachable ${range}`).join('\n');
  const entrance = `echo 1 > ${ipv4}/ip_forward && ip link set lo up && printf '%s\\n' "$0" | ip -batch - && exec "$@"`;
  return ['unshare', '--net', 'sh', '-c', entrance, routes];
}

/** The kernel in the namespace answers for all addresses of the pool (proxy_arp, ip-sysctl), and forwards to them. */
async function makeWay(device: string, pool: string, pid: number, inside: Inside): Promise<void> {
  // No router knows these two addresses (RFC 3927). No other engine has the pool, whose second byte is theirs.
  const network = `169.254.${poolPrefix(pool).split('.')[1]}`;
  await connectNamespace(pid, device, `${network}.0`, `${network}.1`);
  const settings = [`echo 1 > ${ipv4}/conf/outside/proxy_arp`, `echo 0 > ${ipv4}/neigh/outside/proxy_delay`];
  await run(inside[0], [inside[1], 'sh', '-c', settings.join(' && ')]);
  // The route for the whole pool says that it is unreachable; these two go before it while the way is there.
  for (const half of ['0.0/17', '128.0/17']) await run('ip', ['route', 'add', poolPrefix(pool) + half, 'dev', device]);
}

async function killDaemon(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, 'docker.pid'), 'utf8'));
  process.kill(pid, 'SIGKILL');
}
