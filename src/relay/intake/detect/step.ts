import type { Refusal } from '../../boundary/report.ts';
import type { SocketAddress } from '../../wire/socket-address.ts';
import type { Destination } from './listener-config.ts';

/**
 * The detection of a client's service as values: what its first bytes say, and what is to be done about it. Pure; all
 * bytes are given again each time, and none are kept.
 *
 *   proxy-header ──▶ names ──▶ route, or refuse
 */
export type DetectionState =
  /** A trusted proxy is to say who its client is. */
  { readonly kind: 'proxy-header' } | NamesState;

export interface NamesState {
  readonly kind: 'names';
  readonly proxied: Proxied | undefined;
  /** What was asked in Postgres' way: TLS, which was granted, or encryption by GSSAPI, which was not. */
  readonly asked: { readonly tls: boolean; readonly gss: boolean };
  /** How far it got: a client that says nothing may be waiting for the server. */
  readonly heard: 'nothing' | 'undecided' | 'tls' | 'http1' | 'http2';
  /** HTTP/2: it was sent SETTINGS, because it asked for nothing before it had any. */
  readonly greeted: boolean;
  /** What it had sent by the time it acknowledged them, which is no longer in its socket. */
  readonly consumed: Uint8Array | undefined;
}

/** What the PROXY header said; nothing, if the proxy spoke for itself. */
export interface Proxied {
  readonly source: SocketAddress | undefined;
  readonly destination: SocketAddress | undefined;
  readonly tlvs: Uint8Array;
}

/** What detection has found out about a client. */
export interface DetectionResult {
  readonly proxied: Proxied | undefined;
  /** The name that it asked for. Hostile text. */
  readonly name: string | undefined;
  readonly protocol: 'tls' | 'http1' | 'http2' | undefined;
  /** The HTTP/2 stream of its request. */
  readonly stream: number | undefined;
  /** It asked for TLS in Postgres' way, was told yes, and has not been asked by its upstream yet. */
  readonly asksForTls: boolean;
  /** It ended without a byte. */
  readonly ended: boolean;
  /** To be written to its upstream ahead of what is in its socket. */
  readonly consumed: Uint8Array | undefined;
}

export type DetectionStep =
  | {
      readonly kind: 'wait';
      readonly state: DetectionState;
      readonly for: 'proxy-header' | 'first-byte' | 'request' | 'rest';
    }
  /** Consume so many bytes, write this to the client, and peek again. */
  | {
      readonly kind: 'go-on';
      readonly state: NamesState;
      readonly consume: number;
      readonly write: Uint8Array | undefined;
    }
  | { readonly kind: 'route'; readonly to: Destination; readonly result: DetectionResult }
  | {
      readonly kind: 'refuse';
      readonly reason: Refusal | 'client-gave-up';
      /** Undefined: it is closed without a word. */
      readonly answer: Uint8Array | undefined;
      readonly result: DetectionResult;
    };

export type DetectionInput =
  /** All that has come so far. */
  { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly ended: boolean } | { readonly kind: 'timeout' };

/** Of a client without detection. */
export const nothingDetected: DetectionResult = {
  proxied: undefined,
  name: undefined,
  protocol: undefined,
  stream: undefined,
  asksForTls: false,
  ended: false,
  consumed: undefined,
};

export function resultOf(
  { proxied, asked, consumed }: NamesState,
  more: Partial<DetectionResult> = {},
): DetectionResult {
  return { ...nothingDetected, proxied, asksForTls: asked.tls, consumed, ...more };
}

export function wait(state: NamesState): DetectionStep {
  if (state.heard === 'nothing') return { kind: 'wait', state, for: 'first-byte' };
  return { kind: 'wait', state, for: state.heard === 'http2' && !state.greeted ? 'request' : 'rest' };
}
