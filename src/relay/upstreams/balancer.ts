import type { BalancePolicy } from '../boundary/table.ts';
import { First } from './first.ts';
import { LeastConnections } from './least-connections.ts';
import type { Balancer } from './policy.ts';
import { RandomOfTwo } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { SourceHash } from './source-hash.ts';

/** Creates the balancer of a policy. `random` returns a number in [0, 1). */
export function createBalancer(policy: BalancePolicy, random: () => number): Balancer {
  switch (policy) {
    case 'least-connections':
      return new LeastConnections();
    case 'round-robin':
      return new RoundRobin();
    case 'random':
      return new RandomOfTwo(random);
    case 'source-hash':
      return new SourceHash();
    case 'first':
      return new First();
  }
}
