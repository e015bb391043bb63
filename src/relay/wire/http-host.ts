import { hostOfAuthority } from './host-name.ts';

/**
 * What the first HTTP request of a connection says of the host that it is for, in either version of HTTP. `incomplete` as
 * long as more bytes may change the answer; any other answer stays.
 */
export type HttpHost =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-http' }
  | { readonly kind: 'malformed'; readonly why: string; readonly stream?: number }
  /** In lower case, without a port; an IPv6 address in brackets. Undefined when the request names none. */
  | {
      readonly kind: 'host';
      readonly host: string | undefined;
      /** In HTTP/2: on which an answer would be expected. */
      readonly stream?: number;
    };

/** What a whole head comes to. */
export type JudgedHost = Extract<HttpHost, { readonly kind: 'host' } | { readonly kind: 'malformed' }>;

export const maxHeadBytes = 65_536;

/** An empty Host is what a client sends whose target has no authority (RFC 9112 §3.2). */
export function hostFrom(authority: string): JudgedHost {
  if (authority === '') return { kind: 'host', host: undefined };
  const host = hostOfAuthority(authority);
  if (host === undefined) return { kind: 'malformed', why: 'its host is not the name or address of a host' };
  return { kind: 'host', host };
}
