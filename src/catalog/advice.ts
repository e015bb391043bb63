import { formatAddress } from '../address/address.ts';
import { dockerCommand, type Commanded } from './container-name.ts';
import type { DeclaredUpstream } from './declaration.ts';

/**
 * Advice for an upstream that gets no clients. It speaks of labels for a container's upstream, and of the configuration
 * for a static one.
 */
export function howToListen({ endpoints, run, published, silentAdvice }: DeclaredUpstream): string {
  if (silentAdvice !== undefined) return silentAdvice;
  const where = endpoints.map(formatAddress).join(', ');
  if (!run) return `Let something listen on ${where}, or correct its address in the configuration.`;
  const place = published ? `port ${published.port}, published as ${where}` : where;
  return `Let its process listen on ${place} (0.0.0.0, not 127.0.0.1), or correct the port label.`;
}

export function howToAnswer(upstream: DeclaredUpstream): string {
  return `See why ${upstream.name} does not answer${logOf(upstream)}; it returns automatically once it does.`;
}

export function howToPassCheck(upstream: DeclaredUpstream): string {
  const { name, run, health } = upstream;
  if (health.kind === 'docker') return `See the output of its HEALTHCHECK: ${healthOf(upstream)}`;
  return `See why ${name} fails its check${logOf(upstream)}, or correct ${run ? 'the health label' : 'its `health` in the configuration'}.`;
}

/** The command that shows the output of a container's HEALTHCHECK. */
export function healthOf(container: Commanded): string {
  return dockerCommand("inspect --format '{{json .State.Health}}'", container);
}

/** For a container that sleeps, whose start failed. */
export function howToWake(upstream: DeclaredUpstream): string {
  return `See why it does not start${logOf(upstream)}; the next client, or \`sealane wake\`, tries again.`;
}

function logOf(upstream: DeclaredUpstream): string {
  return upstream.run ? ` (${dockerCommand('logs', upstream)})` : '';
}

/**
 * The line that publishes a port of Sealane's own container. A Swarm's service has no ports on single addresses, and only in
 * host mode clients come to this very node with their own addresses.
 */
export function publishingLine(port: number, isService: boolean): string {
  return isService ? `{ target: ${port}, published: ${port}, mode: host }` : `"127.0.0.1:${port}:${port}"`;
}

/** For a task of a Swarm that no node fits; `service` is the Swarm's own name. */
export function howToPlace(service: string): string {
  return `Change what it asks of a node, or give it a node that fits. See: docker service ps --no-trunc ${service}`;
}

export const bringSwarmBack =
  'Bring a manager back, or let a socket proxy pass GET /services, /tasks and /nodes; Sealane goes on trying.';

export const howToGetImage = 'Push the image to a registry that each node can pull from, or load it on that node.';

export function howToSeeEnd(service: string): string {
  return `See why it ends: docker service logs ${service}`;
}
