import { readAuthority } from './host-name.ts';

/**
 * The result of reading the host that the first HTTP request of a connection is for, in either version of HTTP.
 * `incomplete` as long as more bytes may change the answer; any other answer is final.
 */
export type HttpHost =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-http' }
  | { readonly kind: 'malformed'; readonly why: string; readonly stream?: number }
  /** The request line is longer than a head may be. */
  | { readonly kind: 'line-too-long' }
  /** The head has more bytes or more header fields than are read. */
  | { readonly kind: 'head-too-large'; readonly stream?: number }
  /**
   * `host` is in lower case and without a port, an IPv6 address is in brackets; undefined when the request names no
   * host.
   */
  | {
      readonly kind: 'host';
      readonly host: string | undefined;
      /** The port that the client gave with the host, which is where it connected to. */
      readonly port?: number | undefined;
      /** The HTTP/2 stream that the client expects an answer on. */
      readonly stream?: number;
    };

/** The result for a head that has arrived as a whole. */
export type JudgedHost = Extract<HttpHost, { readonly kind: 'host' } | { readonly kind: 'malformed' }>;

/**
 * The longest head of a request, which is as long as a client can be peeked at. Servers read 8 to 64 KiB by default.
 */
export const maxHeadBytes = 65_536;

/**
 * The host of a Host or `:authority` value. A client whose target has no authority sends an empty one (RFC 9112 §3.2).
 */
export function hostFrom(authority: string): JudgedHost {
  if (authority === '') return { kind: 'host', host: undefined };
  const read = readAuthority(authority);
  if (read === undefined) return { kind: 'malformed', why: 'the host is not a valid name or address' };
  return { kind: 'host', ...read };
}
