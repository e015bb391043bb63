import { which } from '../../dev/machine/command.ts';
import { freePort } from '../../test/support/sockets/free-port.ts';
import { dockerProxy } from './peers/docker-proxy.ts';
import { envoy } from './peers/envoy.ts';
import { gobetween } from './peers/gobetween.ts';
import { haproxy } from './peers/haproxy.ts';
import { nginx } from './peers/nginx.ts';
import type { PortKind, Recipe, RelayedPort } from './peers/recipe.ts';
import { sealane } from './peers/sealane.ts';
import { sozu } from './peers/sozu.ts';
import { traefik } from './peers/traefik.ts';
import { treesOf } from './load.ts';
import { listening, start } from './processes.ts';

/**
 * What is compared, by name: relays on PATH that get the same ports and as many threads, and `direct`, which is no relay
 * at all.
 */
export const thisBuild = new URL('../../dist/main.js', import.meta.url).pathname;
/** An earlier build's `main.js`, to be measured beside this one. */
export const earlierBuild = process.env['SEALANE_BENCH_BEFORE'];

const direct = 'direct';

export const recipes: Readonly<Record<string, Recipe>> = {
  'sealane/splice': sealane('Sealane', 'splice', thisBuild),
  'sealane/stream': sealane('Sealane (portable driver)', 'stream', thisBuild),
  ...(earlierBuild === undefined
    ? {}
    : { 'before/splice': sealane('Sealane (earlier build)', 'splice', earlierBuild) }),
  haproxy,
  nginx,
  'docker-proxy': dockerProxy,
  traefik,
  envoy,
  sozu,
  gobetween,
};

export const peerNames: readonly string[] = [...Object.keys(recipes), direct];

export function titleOf(peer: string): string {
  return recipes[peer]?.title ?? peer;
}

/** The names of the peers that this machine has. */
export async function available(): Promise<string[]> {
  const missing = await Promise.all(
    Object.entries(recipes).map(async ([name, { program, isWhole }]) =>
      (await which(program)) !== undefined && ((await isWhole?.()) ?? true) ? [] : [name],
    ),
  );
  return peerNames.filter((name) => !missing.flat().includes(name));
}

export function canServe(peer: string, kinds: readonly PortKind[]): boolean {
  const lacks = peer === direct ? (['proxied', 'tlsWeb', 'tlsBulk'] as const) : (recipes[peer]?.lacks ?? []);
  return !kinds.some((kind) => lacks.includes(kind));
}

/** The ports of the servers behind the peers. */
export type Servers = Readonly<Record<PortKind, number>>;

export interface Peer extends AsyncDisposable {
  /** The peer's port of this kind, which must be one of those that it was started with. */
  port(kind: PortKind): number;
  /** Whose CPU time and memory count, with those of their children; none for `direct`. */
  readonly pids: readonly number[];
}

export interface PeerOptions {
  readonly folder: string;
  readonly workers: number;
  readonly certificate: string;
  readonly engine: string | undefined;
}

export async function startPeer(
  name: string,
  servers: Servers,
  kinds: readonly PortKind[],
  options: PeerOptions,
): Promise<Peer> {
  const recipe = recipes[name];
  const ports: RelayedPort[] = [];
  for (const kind of kinds)
    ports.push({ kind, listen: recipe === undefined ? servers[kind] : await freePort(), to: servers[kind] });
  const running = ((await recipe?.commands({ ...options, ports })) ?? []).map((args) =>
    start(recipe?.program ?? '', args, {
      // As many threads of Go's as the others have; docker-proxy reports on descriptor 3 that it listens.
      env: { ...process.env, GOMAXPROCS: String(options.workers) },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    }),
  );
  const pids = running.map(({ pid }) => pid);
  await using ends = new AsyncDisposableStack();
  ends.defer(async () => {
    const workers = treesOf(pids).filter((pid) => !pids.includes(pid));
    await Promise.all(running.map((one) => one[Symbol.asyncDispose]()));
    workers.forEach(kill);
  });
  for (const { listen } of ports) await listening(listen);
  const kept = ends.move();
  return {
    port(kind) {
      const found = ports.find((one) => one.kind === kind);
      if (found === undefined) throw new Error(`${name} was started without a port ${kind}`);
      return found.listen;
    },
    pids,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Ends a worker that its main process left behind. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with its main process.
  }
}
