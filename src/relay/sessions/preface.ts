import type { Channel, Preface } from '../driver/driver.ts';
import { socketAddressOf, type Origin } from '../intake/client-info.ts';
import { writeProxyHeader } from '../wire/proxy-protocol/write.ts';
import type { ProxyProtocol } from '../boundary/table.ts';

/**
 * What an upstream is told before its client's bytes: who the client is, that it wants TLS in Postgres' way, and what of
 * its bytes had to be consumed from its socket.
 */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const granted = 0x53; // S
const nothing = new Uint8Array();

export function prefaceFor(
  channel: Channel,
  proxyProtocol: ProxyProtocol | undefined,
  origin: Origin | undefined,
): Preface {
  const header = proxyProtocol && headerFor(channel, proxyProtocol, origin);
  const { asksForTls = false, consumed } = origin ?? {};
  const bytes = Buffer.concat([header ?? nothing, asksForTls ? sslRequest : nothing, consumed ?? nothing]);
  return asksForTls ? { bytes, expect: granted } : { bytes };
}

export function headerFor(channel: Channel, version: ProxyProtocol, origin: Origin | undefined): Buffer {
  const forwarded = {
    source: socketAddressOf(origin?.client ?? channel.client),
    destination: origin?.proxied?.destination ?? socketAddressOf(channel.local),
  };
  const tlvs = origin?.proxied?.tlvs;
  return writeProxyHeader(version, tlvs ? { ...forwarded, tlvs } : forwarded);
}
