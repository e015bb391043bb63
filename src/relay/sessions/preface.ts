import type { Channel, Preface, UpstreamTlsOffer } from '../driver/driver.ts';
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

/** How the upstreams of a pool are told who the client is. */
export interface PrefaceOptions {
  readonly proxyProtocol: ProxyProtocol | undefined;
  readonly speaksTls: boolean;
  readonly upstreamTls: UpstreamTlsOffer | undefined;
}

/** Undefined, nearly always: the upstream gets the client's bytes alone. */
export function prefaceFor(
  { proxyProtocol, speaksTls }: PrefaceOptions,
  channel: Channel,
  clientInfo: ClientInfo | undefined,
): Preface | undefined {
  // The header went ahead of TLS: nothing is told of the client inside it.
  const version = speaksTls ? undefined : proxyProtocol;
  const { asksForTls = false, consumed } = clientInfo ?? {};
  if (version === undefined && !asksForTls && !consumed) return undefined;
  const header = version && headerFor(channel, version, clientInfo);
  const bytes = Buffer.concat([header ?? nothing, asksForTls ? sslRequest : nothing, consumed ?? nothing]);
  return asksForTls ? { bytes, expect: granted } : { bytes };
}

/** Undefined, nearly always: the upstream is not spoken TLS with. */
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
