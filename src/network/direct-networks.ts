import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import {
  isDirectRoute,
  leadsToRouter,
  parseIPv6Routes,
  parseRoutes,
  routeTo,
  type KernelRoute,
} from './kernel-routes.ts';

/**
 * Knows which addresses are on a network that this process's network namespace has an interface on. A container's
 * address that no longer is belongs to a network that is gone: the kernel would send its packets to the default gateway.
 *
 * Of the kernel's routes, only the main table is read. Where it could never be read, every address counts as direct;
 * where it can't be read any more, as without a free descriptor, what was read last holds.
 */
export interface DirectNetworks {
  /** The interface that leads to the address. */
  find(host: string): DirectPath;
  /** Another number after each change of the routes: while it is the same, so is what `find` returns for an address. */
  version(): number;
}

export type DirectPath =
  | { readonly kind: 'direct'; readonly device: string }
  /** The address is on no network of this machine; `isRouted` where a route other than the default one leads to a router. */
  | { readonly kind: 'none'; readonly isRouted: boolean }
  /** The kernel's routes could never be read. */
  | { readonly kind: 'unknown' };

export interface DirectNetworksParts {
  readonly nowMs: () => number;
  /** Returns a file's text, or undefined where it can't be read. */
  readonly readText: (path: string) => string | undefined;
}

/** How long an interface that was found is used without another look; a network may be gone by then. */
const keptMs = 100;
/** The pause between two looks for an address that is on no network; a network may have come by then. */
const pauseMs = 10;
/** The same pause for each route: reading takes some 3 µs of it, so at most a thirtieth of the time is spent on it. */
const pausePerRouteMs = 0.1;

export function createDirectNetworks(parts: Partial<DirectNetworksParts> = {}): DirectNetworks {
  const { nowMs = () => performance.now(), readText = textOf } = parts;
  const bigEndian = endianness() === 'BE';
  const v4 = new Family('/proc/net/route', (text) => parseRoutes(text, bigEndian), { nowMs, readText });
  const v6 = new Family('/proc/net/ipv6_route', parseIPv6Routes, { nowMs, readText });
  return { find: (host) => (isIPv6(host) ? v6 : v4).find(host), version: () => v4.version() + v6.version() };
}

/** Addresses that were asked for come and go. */
const mostFound = 20_000;

/** The routes of one address family, and what they say of each address that was asked for since they changed. */
class Family {
  readonly #path: string;
  readonly #parse: (text: string) => readonly KernelRoute[];
  readonly #parts: DirectNetworksParts;
  readonly #found = new Map<string, DirectPath>();
  #text: string | undefined;
  #routes: readonly KernelRoute[] | undefined;
  #readAtMs = -Infinity;
  #pauseMs = pauseMs;
  #version = 0;

  constructor(path: string, parse: (text: string) => readonly KernelRoute[], parts: DirectNetworksParts) {
    this.#path = path;
    this.#parse = parse;
    this.#parts = parts;
  }

  find(host: string): DirectPath {
    const ageMs = this.#parts.nowMs() - this.#readAtMs;
    const known = this.#found.get(host);
    const enoughMs = known?.kind === 'direct' ? Math.max(keptMs, this.#pauseMs) : this.#pauseMs;
    if (ageMs >= enoughMs) this.#read();
    return this.#found.get(host) ?? this.#look(host);
  }

  version(): number {
    if (this.#parts.nowMs() - this.#readAtMs >= this.#pauseMs) this.#read();
    return this.#version;
  }

  #read(): void {
    const text = this.#parts.readText(this.#path);
    if (text !== undefined && text !== this.#text) {
      this.#text = text;
      this.#follow(this.#parse(text));
    }
    this.#readAtMs = this.#parts.nowMs();
    this.#pauseMs = Math.max(pauseMs, (this.#routes?.length ?? 0) * pausePerRouteMs);
  }

  /** The text has counters as well: it changes also where no route does. */
  #follow(routes: readonly KernelRoute[]): void {
    if (isDeepStrictEqual(routes, this.#routes)) return;
    this.#routes = routes;
    this.#found.clear();
    this.#version += 1;
  }

  #look(host: string): DirectPath {
    if (!this.#routes) return { kind: 'unknown' };
    if (this.#found.size >= mostFound) this.#found.clear();
    const path = pathBy(routeTo(host, this.#routes));
    this.#found.set(host, path);
    return path;
  }
}

function pathBy(route: KernelRoute | undefined): DirectPath {
  if (!route) return { kind: 'none', isRouted: false };
  return isDirectRoute(route)
    ? { kind: 'direct', device: route.device }
    : { kind: 'none', isRouted: leadsToRouter(route) };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
