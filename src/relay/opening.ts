import type { Channel, Opening } from './driver.ts';
import { socketAddressOf, type Origin } from './origin.ts';
import { writeProxyHeader } from './proxy-protocol/write.ts';
import type { ProxyProtocol } from './table.ts';

/**
 * What an upstream is told before its client's bytes: who the client is, and that it wants TLS in Postgres' way.
 */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const granted = 0x53; // S

export function openingFor(
  channel: Channel,
  proxyProtocol: ProxyProtocol | undefined,
  origin: Origin | undefined,
): Opening {
  const header = proxyProtocol && headerFor(channel, proxyProtocol, origin);
  if (!origin?.asksForTls) return { preface: header ?? Buffer.alloc(0) };
  return { preface: header ? Buffer.concat([header, sslRequest]) : sslRequest, expect: granted };
}

export function headerFor(channel: Channel, version: ProxyProtocol, origin: Origin | undefined): Buffer {
  const forwarded = {
    source: socketAddressOf(origin?.client ?? channel.client),
    destination: origin?.proxied?.destination ?? socketAddressOf(channel.local),
  };
  const tlvs = origin?.proxied?.tlvs;
  return writeProxyHeader(version, tlvs ? { ...forwarded, tlvs } : forwarded);
}
