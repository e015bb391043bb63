import { readHttp1Host } from './http1-head.ts';
import { isHttp2Preface, readHttp2Host } from './http2-head.ts';
import type { HttpHost } from './http-host.ts';

/**
 * Reads which host the first HTTP request of a connection is for: HTTP/1.x, or HTTP/2 with prior knowledge.
 */
export function readHttpHost(bytes: Uint8Array): HttpHost {
  const isHttp2 = isHttp2Preface(bytes);
  if (isHttp2 === undefined) return { kind: 'incomplete' };
  return isHttp2 ? readHttp2Host(bytes) : readHttp1Host(bytes);
}
