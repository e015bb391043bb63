import type { Balancer, Weighted } from './policy.ts';

/** The first in the table takes all until it is full or gone: the oldest container, or the order in the file. */
export class First implements Balancer {
  order<U extends Weighted>(upstreams: readonly U[]): readonly U[] {
    return upstreams;
  }
}
