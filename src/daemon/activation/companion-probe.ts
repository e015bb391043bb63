import { chooseAddresses } from '../../discovery/addresses/reachable.ts';
import type { ContainerFacts, Vantage } from '../../docker/facts.ts';
import { probeTcp } from '../../health/tcp-probe.ts';
import type { Endpoint } from '../../relay/boundary/table.ts';
import type { Clock } from '../../time/clock.ts';

/**
 * Finds out when a container that Sealane does not serve is ready for those that need it: once one of the ports that it
 * exposes accepts. One that exposes none, or that Sealane can't reach, counts as ready as soon as it runs.
 */
export interface CompanionProbe {
  isReady(facts: ContainerFacts, vantage: Vantage | undefined, parent: ContainerFacts | undefined): boolean;
  /** Forgets the containers that do not run any more. */
  keep(isRunning: (id: string) => boolean): void;
  stop(): void;
}

interface Probed {
  readonly startedAtNs: bigint;
  readonly sinceMs: number;
  isReady: boolean;
}

const timeoutMs = 1_000;

/** A client waits while a container starts: its port is tried often at first, and rarely where it takes long. */
function pauseMs(sinceMs: number): number {
  if (sinceMs < 3_000) return 5;
  return sinceMs < 15_000 ? 25 : 500;
}

export function createCompanionProbe(clock: Clock, onReady: () => void): CompanionProbe {
  const probed = new Map<string, Probed>();
  const ending = new AbortController();

  async function probe(id: string, one: Probed, endpoints: readonly Endpoint[]): Promise<void> {
    if (probed.get(id) !== one) return;
    const results = await Promise.all(endpoints.map((endpoint) => probeTcp(endpoint, timeoutMs, ending.signal)));
    if (ending.signal.aborted || probed.get(id) !== one) return;
    one.isReady = results.some(({ ok }) => ok);
    if (one.isReady) onReady();
    else clock.after(pauseMs(clock.nowMs() - one.sinceMs), () => void probe(id, one, endpoints));
  }

  return {
    isReady(facts, vantage, parent) {
      const { id, startedAtNs } = facts;
      const known = probed.get(id);
      if (known?.startedAtNs === startedAtNs) return known.isReady;
      const endpoints = vantage ? endpointsOf(facts, vantage, parent) : [];
      const one: Probed = { startedAtNs, sinceMs: clock.nowMs(), isReady: endpoints.length === 0 };
      probed.set(id, one);
      if (endpoints.length > 0) void probe(id, one, endpoints);
      return one.isReady;
    },
    keep(isRunning) {
      for (const id of probed.keys()) if (!isRunning(id)) probed.delete(id);
    },
    stop: () => ending.abort(),
  };
}

/** The first address of each port that it exposes. */
function endpointsOf(
  facts: ContainerFacts,
  { reach, project }: Vantage,
  parent: ContainerFacts | undefined,
): readonly Endpoint[] {
  const query = { facts, reach, project, parent, network: undefined, hasRoute: () => true, isRouted: () => false };
  return facts.exposedPorts.slice(0, mostPorts).flatMap((port) => {
    const choice = chooseAddresses({ ...query, port });
    return choice.kind === 'found' ? choice.endpoints.slice(0, 1) : [];
  });
}

/** A container may expose all 65,535 ports. */
const mostPorts = 8;
