import type { Refusal } from '../../boundary/report.ts';
import type { SocketAddress } from '../../wire/socket-address.ts';
import type { Destination } from './listener-config.ts';

/**
 * The states and steps of a detection as values: what a client's first bytes say, and what to do next. Pure: each input
 * has all bytes again, so the state keeps none but the consumed ones.
 *
 *   proxy-header ──▶ names ──▶ route, or refuse
 */
export type DetectionState =
  /** A trusted proxy must send the address of its client first. */
  { readonly kind: 'proxy-header' } | NamesState;

export interface NamesState {
  readonly kind: 'names';
  readonly proxied: Proxied | undefined;
  /** Postgres' requests so far: for TLS, which was granted, and for GSSAPI encryption, which was refused. */
  readonly asked: { readonly tls: boolean; readonly gss: boolean };
  /** The protocol recognized so far. A client that sends nothing may be waiting for the server to speak first. */
  readonly recognized: 'nothing' | 'undecided' | 'tls' | 'http1' | 'http2';
  /** HTTP/2: the client was sent SETTINGS, because it sent no request before it had them. */
  readonly sentSettings: boolean;
  /** HTTP/2: what the client had sent before it acknowledged the SETTINGS; it is no longer in the socket. */
  readonly consumed: Uint8Array | undefined;
}

/** The content of the PROXY header; the addresses are undefined where it names none. */
export interface Proxied {
  readonly source: SocketAddress | undefined;
  readonly destination: SocketAddress | undefined;
  readonly tlvs: Uint8Array;
}

/** What detection has found out about a client. */
export interface DetectionResult {
  readonly proxied: Proxied | undefined;
  /** The name that the client asked for; untrusted text. */
  readonly name: string | undefined;
  readonly protocol: 'tls' | 'http1' | 'http2' | undefined;
  /** The HTTP/2 stream of the client's request. */
  readonly stream: number | undefined;
  /** The client was granted TLS by Postgres' SSLRequest; the upstream still has to be asked for it. */
  readonly asksForTls: boolean;
  /** The client ended without a byte. */
  readonly ended: boolean;
  /** The bytes to write to the upstream before what is in the client's socket. */
  readonly consumed: Uint8Array | undefined;
}

export type DetectionStep =
  | {
      readonly kind: 'wait';
      readonly state: DetectionState;
      readonly for: 'proxy-header' | 'first-byte' | 'request' | 'rest';
    }
  /** Consume `consume` bytes, write `write` to the client, and peek again. */
  | {
      readonly kind: 'go-on';
      readonly state: NamesState;
      readonly consume: number;
      readonly write: Uint8Array | undefined;
    }
  | { readonly kind: 'route'; readonly to: Destination; readonly result: DetectionResult }
  /** A Postgres CancelRequest, which all of these services get. */
  | {
      readonly kind: 'cancel';
      readonly services: readonly string[];
      readonly request: Uint8Array;
      readonly result: DetectionResult;
    }
  | {
      readonly kind: 'refuse';
      readonly reason: Refusal | 'client-gave-up';
      /** Undefined: the client is closed without an answer. */
      readonly answer: Uint8Array | undefined;
      readonly result: DetectionResult;
    };

export type DetectionInput =
  /** All bytes that the client has sent so far. */
  { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly ended: boolean } | { readonly kind: 'timeout' };

/** The result for a client without detection. */
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
  if (state.recognized === 'nothing') return { kind: 'wait', state, for: 'first-byte' };
  return { kind: 'wait', state, for: state.recognized === 'http2' && !state.sentSettings ? 'request' : 'rest' };
}
