import type { Address } from '../address/address.ts';
import type { ListenRange } from '../address/listen.ts';
import type { RouteValues } from './options/route-options.ts';

/** A service written down in the configuration file or on the command line, in need of no Docker. */
export interface StaticService {
  readonly name: string;
  /** All ranges are of one length; then an upstream's port is the first of as many. */
  readonly listen: readonly ListenRange[];
  readonly upstreams: readonly StaticUpstream[];
  readonly options: RouteValues;
}

export interface StaticUpstream {
  readonly target: Address;
  /** 0 to 256. */
  readonly weight: number;
}
