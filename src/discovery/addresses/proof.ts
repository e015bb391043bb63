import type { AddressProof } from '../../address/proof.ts';
import type { ContainerFacts } from '../../docker/facts.ts';
import type { Endpoint } from '../../relay/boundary/table.ts';

/**
 * What proves that an address is the container's, where its engine may tell of its end only after another one has its
 * addresses: the container's process where Sealane sees it, else its network card, else the engine. Pure.
 */
/** `endpoint`: with the proof by its network card, where that is known. */
export function withProof(endpoint: Endpoint, facts: ContainerFacts): Endpoint {
  return facts.isLate ? { ...endpoint, proof: proofOf(endpoint, facts) } : endpoint;
}

function proofOf({ viaPortProxy, proof }: Endpoint, facts: ContainerFacts): AddressProof {
  const { process: pid, networking } = facts;
  const isOnHost = viaPortProxy === true || networking.kind === 'host';
  if (pid !== undefined) return { kind: isOnHost ? 'process' : 'namespace', pid };
  if (proof?.kind === 'card') return proof;
  return { kind: 'engine', run: runOf(facts) };
}

/** The id of the container whose engine is to be asked. */
export function askedContainer({ proof }: Endpoint): string | undefined {
  return proof?.kind === 'engine' ? proof.run.slice(0, proof.run.indexOf('@')) : undefined;
}

/**
 * Whether these facts, which the engine has just told, say that the address is still the asked container's. `parent`: the
 * container whose network namespace it shares, where it shares one.
 */
export function isProved({ proof, ...address }: Endpoint, facts: ContainerFacts, parent?: ContainerFacts): boolean {
  if (proof?.kind !== 'engine' || proof.run !== runOf(facts) || !hasNetwork(facts)) return false;
  if (facts.networking.kind !== 'container') return isAt(facts, address);
  return parent !== undefined && hasNetwork(parent) && parent.startedAtNs <= facts.startedAtNs && isAt(parent, address);
}

function hasNetwork({ state }: ContainerFacts): boolean {
  return state === 'running' || state === 'paused';
}

function isAt({ networking, publishedPorts }: ContainerFacts, { host, port, viaPortProxy }: Endpoint): boolean {
  if (networking.kind === 'host') return true;
  if (viaPortProxy) return publishedPorts.some(({ hostPort }) => hostPort === port);
  return (
    networking.kind === 'networks' && networking.attachments.some(({ ipv4, ipv6 }) => ipv4 === host || ipv6 === host)
  );
}

function runOf({ id, startedAtNs }: ContainerFacts): string {
  return `${id}@${startedAtNs}`;
}
