import { readHttp1Host } from './http1-head.ts';
import { isHttp2Preface, readHttp2Host } from './http2-head.ts';

/**
 * Which host the first HTTP request of a connection is for: HTTP/1.x, or HTTP/2 with prior knowledge. `incomplete` as
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

export function readHttpHost(bytes: Uint8Array): HttpHost {
  const isHttp2 = isHttp2Preface(bytes);
  if (isHttp2 === undefined) return { kind: 'incomplete' };
  return isHttp2 ? readHttp2Host(bytes) : readHttp1Host(bytes);
}
