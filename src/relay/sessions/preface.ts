import type { Channel, Preface, UpstreamTlsOffer } from '../driver/driver.ts';
import { socketAddressOf, type ClientInfo } from '../intake/client-info.ts';
import { writeProxyHeader } from '../wire/proxy-protocol/write.ts';
import type { ProxyProtocol } from '../boundary/table.ts';

/**
 * What an upstream is sent before the bytes in the client's socket: a PROXY header, Postgres' SSLRequest, and the
 * client's bytes that detection has consumed.
 */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const granted = 0x53; // S
const nothing = new Uint8Array();

/** How the sessions of a pool begin towards its upstreams. */
export interface PrefaceOptions {
  readonly proxyProtocol: ProxyProtocol | undefined;
  readonly speaksTls: boolean;
  readonly upstreamTls: UpstreamTlsOffer | undefined;
}

/** Nearly always undefined: the upstream gets the client's bytes alone. */
export function prefaceFor(
  { proxyProtocol, speaksTls }: PrefaceOptions,
  channel: Channel,
  clientInfo: ClientInfo | undefined,
): Preface | undefined {
  // With TLS to the upstream the header goes ahead of the handshake, not inside of TLS.
  const version = speaksTls ? undefined : proxyProtocol;
  const { asksForTls = false, consumed } = clientInfo ?? {};
  if (version === undefined && !asksForTls && !consumed) return undefined;
  const header = version && headerFor(channel, version, clientInfo);
  const bytes = Buffer.concat([header ?? nothing, asksForTls ? sslRequest : nothing, consumed ?? nothing]);
  return asksForTls ? { bytes, expect: granted } : { bytes };
}

/** Nearly always undefined: Sealane does not speak TLS with the upstream. */
export function upstreamTlsFor(
  { proxyProtocol, speaksTls, upstreamTls }: PrefaceOptions,
  channel: Channel,
  clientInfo: ClientInfo | undefined,
): UpstreamTlsOffer | undefined {
  if (!speaksTls || !upstreamTls || proxyProtocol === undefined) return upstreamTls;
  return { ...upstreamTls, preface: headerFor(channel, proxyProtocol, clientInfo) };
}

function headerFor(channel: Channel, version: ProxyProtocol, clientInfo: ClientInfo | undefined): Buffer {
  const forwarded = {
    source: socketAddressOf(clientInfo?.client ?? channel.client),
    destination: clientInfo?.proxied?.destination ?? socketAddressOf(channel.local),
  };
  const tlvs = clientInfo?.proxied?.tlvs;
  return writeProxyHeader(version, tlvs ? { ...forwarded, tlvs } : forwarded);
}
