import type { Address } from '../address/address.ts';
import type { ListenRange } from '../address/listen.ts';
import type { RouteValues } from './options/route-options.ts';

/** A service that is declared in the configuration file or on the command line, and needs no Docker. */
export interface StaticService {
  readonly name: string;
  /**
   * All ranges have one length; the port of an upstream is the first of as many ports. Empty where the service is reached by
   * its name alone, on the addresses where names are served.
   */
  readonly listen: readonly ListenRange[];
  readonly upstreams: readonly StaticUpstream[];
  readonly options: RouteValues;
}

export interface StaticUpstream {
  readonly target: Address;
  /** The weight, from 0 to 256. */
  readonly weight: number;
}
