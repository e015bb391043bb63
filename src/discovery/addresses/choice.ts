import type { ProblemCode } from '../../catalog/problem.ts';
import type { Endpoint } from '../../relay/boundary/table.ts';

/**
 * The addresses at which a container is to be dialed, or why there are none. Pure.
 */
export type AddressChoice =
  | {
      readonly kind: 'found';
      readonly endpoints: readonly Endpoint[];
      /** Why it is reached through its published port, where it is: the rest of "it is reached through …". */
      readonly publishedBecause?: string;
      /** What to do where the addresses answer nothing. */
      readonly advice?: string;
      /** The container's own addresses, where this machine is on no network with any of them. */
      readonly unrouted?: readonly string[];
    }
  | NoAddress
  /** The container's networks are still being set up; this is not a problem, since more events will follow. */
  | { readonly kind: 'not-yet' };

export interface NoAddress {
  readonly kind: 'none';
  readonly code: ProblemCode;
  readonly message: string;
  readonly fix: string;
  /** As above, where a route to one of them would change the choice. */
  readonly unrouted?: readonly string[];
}

export function found(host: string, port: number): AddressChoice {
  return { kind: 'found', endpoints: [{ host, port }] };
}

export function none(code: ProblemCode, message: string, fix: string): NoAddress {
  return { kind: 'none', code, message, fix };
}
