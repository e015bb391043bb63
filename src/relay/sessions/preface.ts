import type { Channel, Preface } from '../driver/driver.ts';
import { socketAddressOf, type ClientInfo } from '../intake/client-info.ts';
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
  clientInfo: ClientInfo | undefined,
): Preface {
  const header = proxyProtocol && headerFor(channel, proxyProtocol, clientInfo);
  const { asksForTls = false, consumed } = clientInfo ?? {};
  const bytes = Buffer.concat([header ?? nothing, asksForTls ? sslRequest : nothing, consumed ?? nothing]);
  return asksForTls ? { bytes, expect: granted } : { bytes };
}

export function headerFor(channel: Channel, version: ProxyProtocol, clientInfo: ClientInfo | undefined): Buffer {
  const forwarded = {
    source: socketAddressOf(clientInfo?.client ?? channel.client),
    destination: clientInfo?.proxied?.destination ?? socketAddressOf(channel.local),
  };
  const tlvs = clientInfo?.proxied?.tlvs;
  return writeProxyHeader(version, tlvs ? { ...forwarded, tlvs } : forwarded);
}
