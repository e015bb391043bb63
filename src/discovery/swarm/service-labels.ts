import type { SwarmService, SwarmSnapshot } from '../../docker/swarm/facts.ts';
import { hasLabelsOf } from '../interest.ts';

/**
 * Joins the labels of a Swarm's service (`deploy.labels`) with those of its containers. Pure.
 */
type Labels = Readonly<Record<string, string>>;

/**
 * A container's own labels override those of its service, label by label. Only Sealane's labels and the name of the stack
 * count of the service.
 */
export function withServiceLabels(own: Labels, service: SwarmService | undefined, prefix: string): Labels {
  if (!service) return own;
  const added = Object.entries(service.labels).filter(([key]) => key.startsWith(`${prefix}.`) || key === stackLabel);
  return added.length === 0 ? own : { ...Object.fromEntries(added), ...own };
}

const stackLabel = 'com.docker.stack.namespace';

/** Whether the manager tells all that is needed to serve its tasks; the labels of an image are not told. */
export function isLabelledService({ labels, template }: SwarmService, prefix: string): boolean {
  return hasLabelsOf(prefix, labels) || hasLabelsOf(prefix, template.labels);
}

/** The ids of the services that have labels of Sealane, so that their containers need none of their own. */
export function servicesOfInterest({ services }: Pick<SwarmSnapshot, 'services'>, prefix: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { id, labels } of services.values()) if (hasLabelsOf(prefix, labels)) found.add(id);
  return found;
}
