import type { Address } from '../../address/address.ts';

/**
 * The routing table: all that the relay's threads know. It crosses the thread boundary by structured clone, so it holds
 * plain data only. The control thread decides; whoever reads this only follows.
 */
export const balancePolicies = ['least-connections', 'round-robin', 'random', 'source-hash', 'first'] as const;
export type BalancePolicy = (typeof balancePolicies)[number];

/** Its host is an IP address, never a name: names are resolved on the control side. Or a Unix socket. */
export type Endpoint = Address;

/**
 * - `ready`: accepts new sessions.
 * - `suspect`: did not answer lately; asked only when no other is left.
 * - `unavailable`: accepts no new sessions and keeps those it has: not proven yet, unhealthy, paused or draining.
 *
 * An upstream that is no longer in the table is gone: dials to it are aborted and its sessions closed.
 */
export type UpstreamAvailability = 'ready' | 'suspect' | 'unavailable';

/** What may be set of one upstream; `config/options/upstream.ts` has the labels. */
export interface UpstreamOptions {
  /** 0 to 256; 0 accepts no new sessions. */
  readonly weight: number;
  /** Asked only when no other upstream is ready. */
  readonly backup: boolean;
  /** Most sessions at once, over all workers; undefined: no limit. */
  readonly maxConnections: number | undefined;
  /** Time over which its share of new sessions grows to its weight, in milliseconds; 0: at once. */
  readonly slowStartMs: number;
}

export interface UpstreamSpec extends UpstreamOptions {
  /** Identity: container id, start time and port (or a static service's host:port). Never reused for another process. */
  readonly key: string;
  /** For people, e.g. `shop-api-1`. */
  readonly name: string;
  /** Tried in this order until one answers; one entry except for names that resolve to several addresses. */
  readonly endpoints: readonly Endpoint[];
  readonly availability: UpstreamAvailability;
}

/** What may be set of a service's pool; `config/options/pool.ts` has the labels. */
export interface PoolOptions {
  readonly balance: BalancePolicy;
  /** How long a client waits while nothing is ready, in milliseconds; 0 closes it at once. */
  readonly holdMs: number;
  /** Deadline of one dial, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** A session without a byte either way for so long is closed, in milliseconds; undefined: never. */
  readonly idleTimeoutMs: number | undefined;
  /** After a scale-up, sessions idle for so long on crowded upstreams are closed, in milliseconds; undefined: never. */
  readonly rebalanceIdleMs: number | undefined;
  /** How upstreams are told the client's address, ahead of its bytes; undefined: not at all. */
  readonly proxyProtocol: ProxyProtocol | undefined;
  /** CIDRs that clients must come from; empty: from anywhere. */
  readonly allow: readonly string[];
  /** CIDRs that no client may come from, whatever `allow` says. */
  readonly deny: readonly string[];
  /** Most sessions at once, the held ones among them, over all workers; undefined: no limit. */
  readonly maxSessions: number | undefined;
  /** The same for each client address; IPv6 clients count by their /64. */
  readonly maxSessionsPerClient: number | undefined;
  readonly connectRatePerClient: ConnectRate | undefined;
  /** Application protocols that are agreed on with clients whose TLS is ended (RFC 7301), best first. */
  readonly alpn: readonly string[];
  /** How TLS is spoken with the upstreams; undefined: not at all. */
  readonly upstreamTls: UpstreamTls | undefined;
}

/** Where nothing is set: all clients may connect, as often as they like, and the upstreams see Sealane's address. */
export const defaultPool: PoolOptions = {
  balance: 'least-connections',
  holdMs: 10_000,
  connectTimeoutMs: 2_000,
  idleTimeoutMs: undefined,
  rebalanceIdleMs: undefined,
  proxyProtocol: undefined,
  allow: [],
  deny: [],
  maxSessions: undefined,
  maxSessionsPerClient: undefined,
  connectRatePerClient: undefined,
  alpn: ['http/1.1'],
  upstreamTls: undefined,
};

export interface PoolSpec extends PoolOptions {
  readonly service: string;
  /** How many clients may wait at once; one more is closed at once. */
  readonly maxHeld: number;
  readonly upstreams: readonly UpstreamSpec[];
}

/** Versions of HAProxy's PROXY protocol (proxy-protocol.txt): a line of text, or binary with room for more. */
export const proxyProtocols = ['v1', 'v2'] as const;
export type ProxyProtocol = (typeof proxyProtocols)[number];

export interface UpstreamTls {
  /** What is asked for, and what an upstream's certificate must be for; empty: nothing. */
  readonly serverName: string;
  /** False: whatever certificate it shows will do. */
  readonly verify: boolean;
}

/** A token bucket: `burst` at once, then so many a second. */
export interface ConnectRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Who ends TLS: the upstream, or Sealane. */
export const tlsModes = ['passthrough', 'terminate'] as const;
export type TlsMode = (typeof tlsModes)[number];

/**
 * What a client must ask for to be routed to a service: a TLS server name (`sni`), or an HTTP host (`host`), which is also
 * a server name where TLS is terminated.
 */
export interface Name {
  readonly kind: 'sni' | 'host';
  /**
   * In lower case: a whole name, an address (`[::1]`), or `*.` and the rest of a name, which stands for one or more labels
   * in front. Whole names go first, then the longest wildcard.
   */
  readonly pattern: string;
}

/** A name, and the service that its clients are routed to. */
export interface NameSpec extends Name {
  readonly service: string;
  readonly tls: TlsMode;
}

/** Its host is an IP address or a Unix socket. */
export interface ListenerSpec extends Address {
  /** `host:port` as asked for; with port 0 it is still the key, and the port it got is reported. */
  readonly key: string;
  /** Whom clients come to that ask for no name, or for none of these; undefined: they are refused. */
  readonly service: string | undefined;
  /** Of the service above. */
  readonly tls: TlsMode;
  /** None: nothing is read of a client before it is routed to the service. */
  readonly names: readonly NameSpec[];
  /** CIDRs whose clients are proxies that must begin with a PROXY header; undefined: nobody sends one. */
  readonly acceptProxy: readonly string[] | undefined;
  /** With names: a client that says nothing for so long, in milliseconds, waits for the server to speak first. */
  readonly sniffTimeoutMs: number;
  /** Whether the page for a rejected HTTP client lists the names that there are. */
  readonly explainNames: boolean;
}

/** One service for everybody, by whatever protocol. */
export const plainListener = {
  tls: 'passthrough',
  names: [],
  acceptProxy: undefined,
  sniffTimeoutMs: 1_000,
  explainNames: true,
} as const satisfies Partial<ListenerSpec>;

/** What TLS clients are shown where Sealane ends TLS. */
export interface CertificateSpec {
  /** Server names it is for, in lower case, `*.` wildcards among them. */
  readonly names: readonly string[];
  /** The certificate and those that vouch for it, in PEM. */
  readonly chain: string;
  /** Its private key in PEM. A secret: it goes to the relay's threads and nowhere else. */
  readonly key: string;
}

/** How TLS is ended, for all services. */
export interface TlsSpec {
  readonly minVersion: TlsVersion;
  /** From the client's first byte, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** The first is shown to clients who ask for no name, or for none that another is for. */
  readonly certificates: readonly CertificateSpec[];
  /** Towards upstreams, for all services. */
  readonly upstream?: {
    /** Those whom upstreams' certificates must be signed by, in PEM; undefined: those that Node trusts. */
    readonly authorities: string | undefined;
    /** What an upstream is shown that asks who comes. */
    readonly certificate: CertificateSpec | undefined;
  };
}

/** As Node calls them. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface RoutingTable {
  readonly version: number;
  readonly listeners: readonly ListenerSpec[];
  readonly pools: readonly PoolSpec[];
  /** Undefined where nobody's TLS is ended. */
  readonly tls?: TlsSpec;
}

export const emptyTable: RoutingTable = { version: 0, listeners: [], pools: [] };

/** TLS is to be ended, or spoken with an upstream. */
export function needsTls({ listeners, pools }: RoutingTable): boolean {
  return (
    listeners.some(({ tls, names }) => tls === 'terminate' || names.some((name) => name.tls === 'terminate')) ||
    pools.some(({ upstreamTls }) => upstreamTls !== undefined)
  );
}
