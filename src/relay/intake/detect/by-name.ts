import type { NameSpec } from '../../boundary/table.ts';
import { readHttpHost } from '../../wire/http-head.ts';
import { findAcknowledgement } from '../../wire/http2-head.ts';
import { postgresRequestBytes, protocolOf } from '../../wire/protocol.ts';
import { readClientHello } from '../../wire/tls-client-hello.ts';
import { httpPage } from '../../wire/http-error-page.ts';
import type { Plan } from './config.ts';
import { foundIn, wait, type Found, type HeadInput, type HeadStep, type NamesState } from './step.ts';

/**
 * Which name a client asks for, in whatever protocol. One that speaks TLS or HTTP where no such names are declared is
 * led to the catch-all unread, as is any other protocol. Pure.
 */
const alert = { unrecognizedName: 112, decodeError: 50 } as const;
const yes = Buffer.from('S');
const no = Buffer.from('N');
/** All of a server's preface (RFC 9113 §3.4): nothing is otherwise than by default. */
const emptySettings = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);
/** Kept in memory until its upstream gets it. Preface, settings and a few small frames have a few hundred bytes. */
const mostSaid = 16_384;

export function askForName(plan: Plan, state: NamesState, input: HeadInput): HeadStep {
  if (input.kind === 'timeout') return afterSilence(plan, state);
  const { ended } = input;
  const bytes = state.consumed ? Buffer.concat([state.consumed, input.bytes]) : input.bytes;
  const protocol = protocolOf(bytes);
  // It asks for TLS once, and then speaks it: anything else within is broken.
  if (state.asked.tls && protocol !== 'tls' && protocol !== 'undecided') return malformed(foundIn(state));
  switch (protocol) {
    case 'undecided':
      if (!ended) return wait({ ...state, heard: bytes.length === 0 ? state.heard : 'undecided' });
      return bytes.length === 0 ? afterEnd(plan, state) : afterSilence(plan, { ...state, heard: 'undecided' });
    case 'tls':
      return plan.hasTlsNames || !plan.catchAll ? byServerName(plan, state, bytes, ended) : elsewhere(plan, state);
    case 'http1':
    case 'http2':
      return plan.hasHosts || !plan.catchAll ? byHost(plan, state, protocol, bytes, ended) : elsewhere(plan, state);
    case 'postgres-ssl':
      if (plan.grantsTls) return answered(state, { ...state.asked, tls: true }, yes);
      return elsewhere(plan, state, no);
    case 'postgres-gss':
      if (plan.grantsTls && !state.asked.gss) return answered(state, { ...state.asked, gss: true }, no);
      return elsewhere(plan, state);
    case 'other':
      return elsewhere(plan, state);
  }
}

function byServerName(plan: Plan, state: NamesState, bytes: Uint8Array, ended: boolean): HeadStep {
  const hello = readClientHello(bytes);
  const found = foundIn(state, { protocol: 'tls' });
  if (hello.kind === 'incomplete') {
    return ended ? malformed(found) : wait({ ...state, heard: 'tls' });
  }
  if (hello.kind !== 'hello') return malformed(found);
  return leadTo(plan, 'sni', { ...found, name: hello.serverName });
}

function byHost(
  plan: Plan,
  state: NamesState,
  protocol: 'http1' | 'http2',
  bytes: Uint8Array,
  ended: boolean,
): HeadStep {
  if (state.greeted && !state.consumed) return untilAcknowledged(state, bytes, ended);
  const head = readHttpHost(bytes);
  const found = foundIn(state, { protocol, ...('stream' in head && { stream: head.stream }) });
  if (head.kind === 'incomplete') {
    return ended ? malformed(found) : wait({ ...state, heard: protocol });
  }
  if (head.kind !== 'host') return malformed(found);
  return leadTo(plan, 'host', { ...found, name: head.host });
}

/** The acknowledgement is left out of what is consumed: SETTINGS of its upstream's own will come, and be acknowledged on their own. */
function untilAcknowledged(state: NamesState, bytes: Uint8Array, ended: boolean): HeadStep {
  const found = findAcknowledgement(bytes);
  if (found && found.at <= mostSaid)
    return {
      kind: 'go-on',
      state: { ...state, consumed: Uint8Array.from(bytes.subarray(0, found.at)) },
      consume: found.end,
      write: undefined,
    };
  return ended || bytes.length > mostSaid ? malformed(foundIn(state, { protocol: 'http2' })) : wait(state);
}

function leadTo(plan: Plan, kind: NameSpec['kind'], found: Found): HeadStep {
  const to = plan.names.find(kind, found.name) ?? plan.catchAll;
  return to ? { kind: 'lead', to, found } : noRoute(plan, found);
}

function elsewhere(plan: Plan, state: NamesState, answer?: Uint8Array): HeadStep {
  const found = foundIn(state);
  if (plan.catchAll) return { kind: 'lead', to: plan.catchAll, found };
  return { kind: 'refuse', reason: 'no-route', answer, found };
}

/** It may be waiting for the server to speak. What has begun to speak by name, and stopped, is not led elsewhere. */
function afterSilence(plan: Plan, state: NamesState): HeadStep {
  const { heard, asked, greeted } = state;
  if (heard === 'http2' && !greeted)
    return { kind: 'go-on', state: { ...state, greeted: true }, consume: 0, write: emptySettings };
  const maybeOther = (heard === 'nothing' || heard === 'undecided') && !asked.tls;
  if (maybeOther && plan.catchAll) return { kind: 'lead', to: plan.catchAll, found: foundIn(state) };
  const protocol = heard === 'nothing' || heard === 'undecided' ? undefined : heard;
  const answer = httpPage('sniff-timeout', { protocol, hosts: undefined });
  return { kind: 'refuse', reason: 'sniff-timeout', answer, found: foundIn(state, { protocol }) };
}

/** It has ended without a byte: it only listens, or is only there to see if we are. */
function afterEnd(plan: Plan, state: NamesState): HeadStep {
  const found = foundIn(state, { ended: true });
  if (plan.catchAll && !state.asked.tls) return { kind: 'lead', to: plan.catchAll, found };
  return { kind: 'refuse', reason: 'client-gave-up', answer: undefined, found };
}

function answered(state: NamesState, asked: NamesState['asked'], write: Uint8Array): HeadStep {
  return { kind: 'go-on', state: { ...state, asked, heard: 'nothing' }, consume: postgresRequestBytes, write };
}

function noRoute({ hosts }: Plan, found: Found): HeadStep {
  const answer =
    found.protocol === 'tls' ? tlsAlert(alert.unrecognizedName) : httpPage('no-route', { ...found, hosts });
  return { kind: 'refuse', reason: 'no-route', answer, found };
}

function malformed(found: Found): HeadStep {
  const answer =
    found.protocol === 'tls' ? tlsAlert(alert.decodeError) : httpPage('malformed', { ...found, hosts: undefined });
  return { kind: 'refuse', reason: 'malformed', answer, found };
}

/** A fatal alert, in a record of its own (RFC 8446 §6, §5.1). */
function tlsAlert(description: number): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, description);
}
