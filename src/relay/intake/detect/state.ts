import { readProxyHeader } from '../../wire/proxy-protocol/read.ts';
import { askForName } from './by-name.ts';
import type { Plan } from './config.ts';
import { foundIn, wait, type HeadInput, type HeadState, type HeadStep, type NamesState, type Proxied } from './step.ts';

/**
 * From one step of a head to the next: first who comes, then where to. Pure.
 */
/** Before the first peek. */
export function firstStep(plan: Plan, isTrusted: boolean): HeadStep {
  return isTrusted
    ? { kind: 'wait', state: { kind: 'proxy-header' }, for: 'proxy-header' }
    : goOn(plan, fresh(undefined));
}

export function nextStep(plan: Plan, state: HeadState, input: HeadInput): HeadStep {
  if (state.kind === 'names') return askForName(plan, state, input);
  if (input.kind === 'timeout') return badHeader;
  const header = readProxyHeader(input.bytes);
  if (header.kind === 'incomplete' && !input.ended) return { kind: 'wait', state, for: 'proxy-header' };
  if (header.kind !== 'header') return badHeader;
  const { source, destination, tlvs, length } = header;
  // A proxy that speaks for itself, to see if we are there, is a client like any other.
  const names = fresh(header.local ? undefined : { source, destination, tlvs });
  return { kind: 'go-on', state: names, consume: length, write: undefined };
}

/** After the bytes were dropped. With nobody to choose from, nothing more need be read. */
export function goOn(plan: Plan, state: NamesState): HeadStep {
  // Its request may be among what was consumed, and nothing more come.
  if (state.consumed) return askForName(plan, state, { kind: 'bytes', bytes: new Uint8Array(), ended: false });
  if (!plan.catchAll || plan.grantsTls || plan.hasHosts) return wait(state);
  return { kind: 'lead', to: plan.catchAll, found: foundIn(state) };
}

function fresh(proxied: Proxied | undefined): NamesState {
  const nothing = { asked: { tls: false, gss: false }, heard: 'nothing', greeted: false, consumed: undefined } as const;
  return { kind: 'names', proxied, ...nothing };
}

const badHeader: HeadStep = {
  kind: 'refuse',
  reason: 'bad-proxy-header',
  answer: undefined,
  found: foundIn(fresh(undefined)),
};
