import type { NameSpec } from '../../boundary/table.ts';
import { readHttpHost } from '../../wire/http-head.ts';
import { findAcknowledgement } from '../../wire/http2-head.ts';
import { isLikelyRequest } from '../../wire/http1-request-line.ts';
import { cancelRequestIn, postgresRequestBytes } from '../../wire/postgres.ts';
import { protocolOf } from '../../wire/protocol.ts';
import { readClientHello } from '../../wire/tls-client-hello.ts';
import { httpPage } from '../../wire/http-error-page.ts';
import type { ListenerConfig } from './listener-config.ts';
import {
  resultOf,
  wait,
  type DetectionResult,
  type DetectionInput,
  type DetectionStep,
  type NamesState,
} from './step.ts';

/**
 * Detects which name a client asks for, in any protocol. A client that speaks TLS or HTTP where no such names are
 * declared is routed to the catch-all unread, as is a client of any other protocol. Pure.
 */
const handshakeRecord = 22;
const alert = { unrecognizedName: 112, decodeError: 50 } as const;
const yes = Buffer.from('S');
const no = Buffer.from('N');
/** A complete server preface (RFC 9113 §3.4): a SETTINGS frame that changes no default. */
const emptySettings = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);
/**
 * The most consumed bytes that are kept in memory until an upstream gets them. A preface, SETTINGS and a few small
 * frames have a few hundred bytes.
 */
const mostConsumed = 16_384;

export function detectName(config: ListenerConfig, state: NamesState, input: DetectionInput): DetectionStep {
  if (input.kind === 'timeout') return afterSilence(config, state);
  const { ended } = input;
  const bytes = state.consumed ? Buffer.concat([state.consumed, input.bytes]) : input.bytes;
  const protocol = protocolOf(bytes);
  // A client that was granted TLS by Postgres' request must speak it next; anything else is malformed.
  if (state.asked.tls && protocol !== 'tls' && !mayBeTls(bytes)) return malformed(resultOf(state));
  switch (protocol) {
    case 'undecided':
      return undecided(config, state, bytes, ended);
    case 'tls':
      return config.hasTlsNames || !config.catchAll
        ? byServerName(config, state, bytes, ended)
        : elsewhere(config, state);
    case 'http1':
    case 'http2':
      return readsHosts(config) ? byHost(config, state, protocol, bytes, ended) : elsewhere(config, state);
    case 'postgres-ssl':
      if (config.grantsTls) return answered(state, { ...state.asked, tls: true }, yes);
      return elsewhere(config, state, no);
    case 'postgres-gss':
      if (config.grantsTls && !state.asked.gss) return answered(state, { ...state.asked, gss: true }, no);
      return elsewhere(config, state);
    case 'postgres-cancel':
      return cancel(config, state, bytes);
    case 'other':
      return elsewhere(config, state);
  }
}

/** A CancelRequest carries no name, so it may be for any service here that Postgres clients reach. */
function cancel(config: ListenerConfig, state: NamesState, bytes: Uint8Array): DetectionStep {
  const request = cancelRequestIn(bytes);
  if (!request || config.databases.length === 0) return elsewhere(config, state);
  return { kind: 'cancel', services: config.databases, request, result: resultOf(state) };
}

/** HTTP heads are read for hosts; otherwise their clients are routed to the catch-all unread. */
function readsHosts({ hasHosts, catchAll }: ListenerConfig): boolean {
  return hasHosts || !catchAll;
}

/** Whether the bytes are too few to tell that they are not TLS. */
function mayBeTls(bytes: Uint8Array): boolean {
  return bytes.length === 0 || (bytes.length === 1 && bytes[0] === handshakeRecord);
}

function undecided(config: ListenerConfig, state: NamesState, bytes: Uint8Array, ended: boolean): DetectionStep {
  if (bytes.length === 0) return ended ? afterEnd(config, state) : wait(state);
  const recognized = readsHosts(config) && isLikelyRequest(bytes) ? 'http1' : 'undecided';
  if (!ended) return wait({ ...state, recognized });
  if (recognized === 'http1') return malformed(resultOf(state, { protocol: recognized }));
  return afterSilence(config, { ...state, recognized });
}

function byServerName(config: ListenerConfig, state: NamesState, bytes: Uint8Array, ended: boolean): DetectionStep {
  const hello = readClientHello(bytes);
  const result = resultOf(state, { protocol: 'tls' });
  if (hello.kind === 'incomplete') {
    return ended ? malformed(result) : wait({ ...state, recognized: 'tls' });
  }
  if (hello.kind !== 'hello') return malformed(result);
  return routeByName(config, 'sni', { ...result, name: hello.serverName });
}

function byHost(
  config: ListenerConfig,
  state: NamesState,
  protocol: 'http1' | 'http2',
  bytes: Uint8Array,
  ended: boolean,
): DetectionStep {
  if (state.sentSettings && !state.consumed) return untilAcknowledged(state, bytes, ended);
  const head = readHttpHost(bytes);
  const result = resultOf(state, { protocol, ...('stream' in head && { stream: head.stream }) });
  if (head.kind === 'incomplete') {
    return ended ? malformed(result) : wait({ ...state, recognized: protocol });
  }
  if (head.kind !== 'host') return unreadable(head.kind === 'not-http' ? 'malformed' : head.kind, result);
  return routeByName(config, 'host', { ...result, name: head.host }, head.port);
}

/**
 * Waits for the client's acknowledgement of the SETTINGS that it was sent. The acknowledgement is left out of the
 * consumed bytes, since the client will acknowledge the upstream's own SETTINGS separately.
 */
function untilAcknowledged(state: NamesState, bytes: Uint8Array, ended: boolean): DetectionStep {
  const acknowledgement = findAcknowledgement(bytes);
  if (acknowledgement && acknowledgement.at <= mostConsumed)
    return {
      kind: 'go-on',
      state: { ...state, consumed: Uint8Array.from(bytes.subarray(0, acknowledgement.at)) },
      consume: acknowledgement.end,
      write: undefined,
    };
  return ended || bytes.length > mostConsumed ? malformed(resultOf(state, { protocol: 'http2' })) : wait(state);
}

function routeByName(
  config: ListenerConfig,
  kind: NameSpec['kind'],
  result: DetectionResult,
  port?: number,
): DetectionStep {
  const to = config.names.find(kind, result.name) ?? config.catchAll;
  return to ? { kind: 'route', to, result } : noRoute(config, result, port);
}

function elsewhere(config: ListenerConfig, state: NamesState, answer?: Uint8Array): DetectionStep {
  const result = resultOf(state);
  if (config.catchAll) return { kind: 'route', to: config.catchAll, result };
  return { kind: 'refuse', reason: 'no-route', answer, result };
}

/**
 * A silent client may be waiting for the server to speak first. A client that began to ask for a name and stopped is
 * not routed to the catch-all.
 */
function afterSilence(config: ListenerConfig, state: NamesState): DetectionStep {
  const { recognized, asked, sentSettings } = state;
  if (recognized === 'http2' && !sentSettings)
    return { kind: 'go-on', state: { ...state, sentSettings: true }, consume: 0, write: emptySettings };
  const maybeOther = (recognized === 'nothing' || recognized === 'undecided') && !asked.tls;
  if (maybeOther && config.catchAll) return { kind: 'route', to: config.catchAll, result: resultOf(state) };
  const protocol = recognized === 'nothing' || recognized === 'undecided' ? undefined : recognized;
  const answer = httpPage('sniff-timeout', { protocol, hosts: undefined });
  return { kind: 'refuse', reason: 'sniff-timeout', answer, result: resultOf(state, { protocol }) };
}

/** The client ended without a byte: it only listens, or only checks whether the port is open. */
function afterEnd(config: ListenerConfig, state: NamesState): DetectionStep {
  const result = resultOf(state, { ended: true });
  if (config.catchAll && !state.asked.tls) return { kind: 'route', to: config.catchAll, result };
  return { kind: 'refuse', reason: 'client-gave-up', answer: undefined, result };
}

function answered(state: NamesState, asked: NamesState['asked'], write: Uint8Array): DetectionStep {
  return { kind: 'go-on', state: { ...state, asked, recognized: 'nothing' }, consume: postgresRequestBytes, write };
}

function noRoute({ hosts }: ListenerConfig, result: DetectionResult, port: number | undefined): DetectionStep {
  const answer =
    result.protocol === 'tls' ? tlsAlert(alert.unrecognizedName) : httpPage('no-route', { ...result, hosts, port });
  return { kind: 'refuse', reason: 'no-route', answer, result };
}

function malformed(result: DetectionResult): DetectionStep {
  if (result.protocol !== 'tls') return unreadable('malformed', result);
  return { kind: 'refuse', reason: 'malformed', answer: tlsAlert(alert.decodeError), result };
}

/** A client of HTTP whose host can't be read. No service gets it, not even the catch-all. */
function unreadable(reason: 'malformed' | 'line-too-long' | 'head-too-large', result: DetectionResult): DetectionStep {
  return { kind: 'refuse', reason, answer: httpPage(reason, { ...result, hosts: undefined }), result };
}

/** A fatal alert, in a record of its own (RFC 8446 §6, §5.1). */
function tlsAlert(description: number): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, description);
}
