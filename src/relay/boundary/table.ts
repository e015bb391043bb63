import type { Address } from '../../address/address.ts';
import type { AddressProof } from '../../address/proof.ts';

/**
 * The routing table: all that the relay's threads know. It crosses the thread boundary by structured clone, so it holds
 * plain data only. The control thread decides; the relay threads that read this table only follow.
 */
export const balancePolicies = ['least-connections', 'round-robin', 'random', 'source-hash', 'first'] as const;
export type BalancePolicy = (typeof balancePolicies)[number];

/**
 * An upstream's address. The host is an IP address, never a name, since names are resolved on the control side; or it
 * is a Unix socket.
 */
export interface Endpoint extends Address {
  /**
   * True for a container's address on a network that this machine is on. When the network is gone, the dial fails with
   * ENETUNREACH, where the kernel would send its packets to the default gateway.
   */
  readonly isDirect?: boolean;
  /**
   * True for a port that the engine publishes on its host: a proxy of the engine accepts connections there, whether or
   * not the container's process listens, and closes them when it does not.
   */
  readonly viaPortProxy?: boolean;
  /**
   * For an engine that may tell too late that another container has the address: a dial that is answered counts only with
   * this proof, and fails with EHOSTUNREACH without it. No byte is sent before.
   */
  readonly proof?: AddressProof;
}

/**
 * How long a connection to a port proxy proves nothing unless a byte comes, in milliseconds. Measured: docker-proxy closes
 * a connection that nothing listens behind after 0.1 ms, rootlessport of Podman after 210 ms.
 */
export const portProxySettleMs = 300;

/**
 * - `ready`: accepts new sessions.
 * - `suspect`: did not answer lately; dialed only when no other is left.
 * - `unavailable`: accepts no new sessions and keeps those it has: not probed yet, unhealthy, paused or draining.
 *
 * An upstream that is no longer in the table is gone: dials to it are aborted and its sessions closed.
 */
export type UpstreamAvailability = 'ready' | 'suspect' | 'unavailable';

/** The options of one upstream; `config/options/upstream.ts` has the labels. */
export interface UpstreamOptions {
  /** The weight, 0 to 256; an upstream of weight 0 accepts no new sessions. */
  readonly weight: number;
  /** True if the upstream is dialed only when no other upstream is ready. */
  readonly backup: boolean;
  /** The greatest number of sessions at once, over all relay threads; undefined where no limit is set. */
  readonly maxConnections: number | undefined;
  /** The time over which the upstream's share of new sessions grows to its weight, in milliseconds; 0: at once. */
  readonly slowStartMs: number;
}

export interface UpstreamSpec extends UpstreamOptions {
  /**
   * The upstream's identity: container id, start time and port (or a static service's host:port). Never reused for
   * another process.
   */
  readonly key: string;
  /** The name that people read, e.g. `shop-api-1`. */
  readonly name: string;
  /**
   * The addresses, dialed in this order until one answers: those that a name resolves to, or those of a container on
   * all networks that Sealane reaches. The one that a probe found to answer comes first.
   */
  readonly endpoints: readonly Endpoint[];
  /**
   * True for a container: an address that it has no longer may be another container's, so what uses it is ended.
   * Otherwise a name resolves to other addresses now, and sessions stay.
   */
  readonly ownsAddresses?: boolean;
  /** True where it runs on another machine than Sealane: another engine's host, or another node of a Swarm. */
  readonly isRemote?: boolean;
  /**
   * The share of new sessions that a stand-in gets, 1 to 100 percent, whatever the balance and the weights; undefined for
   * any other upstream.
   */
  readonly standInPercent?: number;
  readonly availability: UpstreamAvailability;
}

/** Which upstreams are dialed first: those of Sealane's own machine, or none before the others. */
export const preferences = ['local', 'any'] as const;

/** The options of a service's pool; `config/options/pool.ts` has the labels. */
export interface PoolOptions {
  readonly balance: BalancePolicy;
  readonly prefer: (typeof preferences)[number];
  /** How long a client waits while no upstream is ready, in milliseconds; 0 closes it at once. */
  readonly holdMs: number;
  /** The deadline of one dial, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** The idle timeout: a session without a byte either way for so long is closed, in milliseconds; undefined: never. */
  readonly idleTimeoutMs: number | undefined;
  /**
   * After a scale-up, sessions on crowded upstreams that have been idle for so long are closed, in milliseconds;
   * undefined: never.
   */
  readonly rebalanceIdleMs: number | undefined;
  /** The PROXY header that tells upstreams the client's address, ahead of its bytes; undefined: none. */
  readonly proxyProtocol: ProxyProtocol | undefined;
  /** The CIDRs that clients must come from; undefined: any address is allowed, and empty: none is. */
  readonly allow: readonly string[] | undefined;
  /** The CIDRs whose clients are rejected, whatever `allow` says. */
  readonly deny: readonly string[];
  /**
   * The greatest number of sessions at once, held ones included, over all relay threads; undefined where no limit is
   * set.
   */
  readonly maxSessions: number | undefined;
  /**
   * The greatest number of sessions for each client address; IPv6 clients count by their /64. Undefined where no limit
   * is set.
   */
  readonly maxSessionsPerClient: number | undefined;
  readonly connectRatePerClient: ConnectRate | undefined;
  /** The application protocols for clients whose TLS is ended (RFC 7301), best first. */
  readonly alpn: readonly string[];
  /** How TLS is spoken with the upstreams; undefined where it is not. */
  readonly upstreamTls: UpstreamTls | undefined;
}

/** The defaults: all clients may connect, as often as they like, and the upstreams see Sealane's address. */
export const defaultPool: PoolOptions = {
  balance: 'least-connections',
  prefer: 'any',
  holdMs: 10_000,
  connectTimeoutMs: 2_000,
  idleTimeoutMs: undefined,
  rebalanceIdleMs: undefined,
  proxyProtocol: undefined,
  allow: undefined,
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
  /** Set where containers of the service are asleep: the control thread is told as soon as a client is held. */
  readonly wakes?: true;
  /** Why none of them can be woken now: clients are told so, and don't wait. */
  readonly wakeFailure?: string | undefined;
  readonly upstreams: readonly UpstreamSpec[];
}

/** The versions of HAProxy's PROXY protocol (proxy-protocol.txt): a line of text, or binary with room for more. */
export const proxyProtocols = ['v1', 'v2'] as const;
export type ProxyProtocol = (typeof proxyProtocols)[number];

export interface UpstreamTls {
  /** The server name that is requested, and that an upstream's certificate must be for; empty: none is requested. */
  readonly serverName: string;
  /** False where any certificate of the upstream is accepted. */
  readonly verify: boolean;
}

/** A token bucket: `burst` sessions at once, then so many a second. */
export interface ConnectRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What the clients of a route speak; `auto`: Postgres where the upstream's port is Postgres' own. */
export const routeProtocols = ['auto', 'postgres', 'any'] as const;
export type RouteProtocol = (typeof routeProtocols)[number];

/** The end of a client's TLS: the upstream (`passthrough`), or Sealane (`terminate`). */
export const tlsModes = ['passthrough', 'terminate'] as const;
export type TlsMode = (typeof tlsModes)[number];

/**
 * The name that a client must request to be routed to a service: a TLS server name (`sni`), or an HTTP host (`host`),
 * which is also a server name where TLS is terminated.
 */
export interface Name {
  readonly kind: 'sni' | 'host';
  /**
   * The pattern in lower case: a whole name, an address (`[::1]`), or `*.` and the rest of a name, which stands for one
   * or more labels in front. Whole names take precedence, then the longest wildcard.
   */
  readonly pattern: string;
}

/** A name, and the service that its clients are routed to. */
export interface NameSpec extends Name {
  readonly service: string;
  readonly tls: TlsMode;
}

/** A listener. Its host is an IP address or a Unix socket. */
export interface ListenerSpec extends Address {
  /** `host:port` as configured. With port 0 it is still the key, and the assigned port is reported. */
  readonly key: string;
  /** The service for clients that request no name, or none of `names`; undefined where such clients are rejected. */
  readonly service: string | undefined;
  /** The TLS mode of `service`. */
  readonly tls: TlsMode;
  /** The names that are routed here. Where there are none, a client is routed before any of its bytes are read. */
  readonly names: readonly NameSpec[];
  /** The CIDRs whose clients are proxies that must begin with a PROXY header; undefined where no client sends one. */
  readonly acceptProxy: readonly string[] | undefined;
  /**
   * For listeners with names: a client that sends nothing for so long, in milliseconds, waits for the server to speak
   * first.
   */
  readonly sniffTimeoutMs: number;
  /** Clients speak Postgres: their first message is read, since it may be a CancelRequest. */
  readonly postgres: boolean;
  /** Whether the page for a rejected HTTP client lists the names that are routed here. */
  readonly explainNames: boolean;
}

/** A listener with one service for all clients, whatever their protocol. */
export const plainListener = {
  tls: 'passthrough',
  names: [],
  acceptProxy: undefined,
  sniffTimeoutMs: 1_000,
  postgres: false,
  explainNames: true,
} as const satisfies Partial<ListenerSpec>;

/** The certificate that TLS clients are shown where Sealane ends TLS. */
export interface CertificateSpec {
  /** The server names that the certificate is for, in lower case, `*.` wildcards among them. */
  readonly names: readonly string[];
  /** The certificate and the intermediate certificates that sign it, in PEM. */
  readonly chain: string;
  /** The certificate's private key in PEM. It is a secret that only the relay's threads get. */
  readonly key: string;
}

/** How TLS is ended, for all services. */
export interface TlsSpec {
  readonly minVersion: TlsVersion;
  /** The time for a handshake, from the client's first byte, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /**
   * The certificates. The first is shown to clients that request no name, or a name that no other certificate is for.
   */
  readonly certificates: readonly CertificateSpec[];
  /** How TLS is spoken with upstreams, for all services. */
  readonly upstream?: {
    /** The authorities that must have signed the upstreams' certificates, in PEM; undefined: those that Node trusts. */
    readonly authorities: string | undefined;
    /** The certificate that is shown to an upstream that requests one. */
    readonly certificate: CertificateSpec | undefined;
  };
}

/** TLS versions, by Node's names. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface RoutingTable {
  readonly version: number;
  readonly listeners: readonly ListenerSpec[];
  readonly pools: readonly PoolSpec[];
  /** The TLS settings; undefined where the relay needs none. */
  readonly tls?: TlsSpec;
}

export const emptyTable: RoutingTable = { version: 0, listeners: [], pools: [] };

/** Whether any client's TLS is ended. */
export function endsTls({ listeners }: RoutingTable): boolean {
  return listeners.some(({ tls, names }) => tls === 'terminate' || names.some((name) => name.tls === 'terminate'));
}

/** Whether TLS is spoken with an upstream. */
export function dialsTls({ pools }: RoutingTable): boolean {
  return pools.some(({ upstreamTls }) => upstreamTls !== undefined);
}
