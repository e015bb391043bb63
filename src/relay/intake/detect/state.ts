import { readProxyHeader } from '../../wire/proxy-protocol/read.ts';
import { detectName } from './by-name.ts';
import type { ListenerConfig } from './listener-config.ts';
import {
  resultOf,
  wait,
  type DetectionInput,
  type DetectionState,
  type DetectionStep,
  type NamesState,
  type Proxied,
} from './step.ts';

/**
 * The transitions of a detection: first the client's address from a PROXY header, then the service from its name. Pure.
 */
/** The step before the first peek. */
export function firstStep(config: ListenerConfig, isTrusted: boolean): DetectionStep {
  return isTrusted
    ? { kind: 'wait', state: { kind: 'proxy-header' }, for: 'proxy-header' }
    : goOn(config, fresh(undefined));
}

export function nextStep(config: ListenerConfig, state: DetectionState, input: DetectionInput): DetectionStep {
  if (state.kind === 'names') return detectName(config, state, input);
  if (input.kind === 'timeout') return badHeader;
  const header = readProxyHeader(input.bytes);
  if (header.kind === 'incomplete' && !input.ended) return { kind: 'wait', state, for: 'proxy-header' };
  if (header.kind !== 'header') return badHeader;
  const { source, destination, tlvs, length } = header;
  // A proxy that connects for itself, such as for a health check (LOCAL), is a client like any other.
  const names = fresh(header.local ? undefined : { source, destination, tlvs });
  return { kind: 'go-on', state: names, consume: length, write: undefined };
}

/** The step after bytes were consumed or written. With no names to choose from, nothing more is read. */
export function goOn(config: ListenerConfig, state: NamesState): DetectionStep {
  // The request may be among the consumed bytes, with nothing more to come.
  if (state.consumed) return detectName(config, state, { kind: 'bytes', bytes: new Uint8Array(), ended: false });
  if (!config.catchAll || config.grantsTls || config.hasHosts || config.hasDatabase) return wait(state);
  return { kind: 'route', to: config.catchAll, result: resultOf(state) };
}

function fresh(proxied: Proxied | undefined): NamesState {
  const nothing = {
    asked: { tls: false, gss: false },
    recognized: 'nothing',
    sentSettings: false,
    consumed: undefined,
  } as const;
  return { kind: 'names', proxied, ...nothing };
}

const badHeader: DetectionStep = {
  kind: 'refuse',
  reason: 'bad-proxy-header',
  answer: undefined,
  result: resultOf(fresh(undefined)),
};
