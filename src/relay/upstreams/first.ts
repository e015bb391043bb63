import type { Balancer, Weighted } from './policy.ts';

/**
 * The upstream that is listed first gets all clients until it is full or gone. Upstreams are listed oldest container
 * first, or as in the file.
 */
export class First implements Balancer {
  readonly isSticky = true;
  order<U extends Weighted>(upstreams: readonly U[]): readonly U[] {
    return upstreams;
  }
}
