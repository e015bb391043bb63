import type { BalancePolicy } from '../table.ts';
import { LeastConnections } from './least-connections.ts';
import type { Balancer } from './policy.ts';
import { RoundRobin } from './round-robin.ts';

/** Which policy serves which name. */
export function createBalancer(policy: BalancePolicy): Balancer {
  switch (policy) {
    case 'least-connections':
      return new LeastConnections();
    case 'round-robin':
      return new RoundRobin();
  }
}
