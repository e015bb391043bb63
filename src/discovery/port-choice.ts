import type { ContainerFacts } from '../docker/facts.ts';
import { labelOf } from './label-names.ts';
import type { LabelledRoute } from './labels.ts';

/**
 * What the ports that a container exposes say of the port that a route leads to. Pure.
 */
type Exposing = Pick<ContainerFacts, 'exposedPorts'>;

export function onlyExposedPort({ exposedPorts }: Exposing): number | undefined {
  return exposedPorts.length === 1 ? exposedPorts[0] : undefined;
}

/** Why it is not known which port a route leads to. */
export function portUnclear(
  { exposedPorts }: Exposing,
  prefix: string,
  { name }: Pick<LabelledRoute, 'name'>,
): { readonly message: string; readonly fix: string } {
  const label = labelOf(prefix, name ?? '', 'port');
  const what =
    exposedPorts.length === 0 ? 'it exposes no TCP port' : `it exposes several ports: ${portsNamed(exposedPorts)}`;
  return { message: `${what}, and the label ${label} is missing`, fix: `Add ${label}=<port>.` };
}

/** The label for a port that the container exposes, where it does not expose the declared one. */
export function adviseOtherPort(
  name: string,
  { exposedPorts }: Exposing,
  port: number,
  label: string,
): string | undefined {
  const [first, ...more] = exposedPorts;
  if (first === undefined || exposedPorts.includes(port)) return undefined;
  if (more.length === 0) return `${name} exposes port ${first}: set the label ${label}=${first}.`;
  return `${name} exposes ports ${portsNamed(exposedPorts)}: set the label ${label} to one of them.`;
}

/** A container may expose all 65,535 ports. */
const mostPortsNamed = 5;

export function portsNamed(ports: readonly number[]): string {
  const shown = ports.slice(0, mostPortsNamed).join(', ');
  return ports.length > mostPortsNamed ? `${shown} and ${ports.length - mostPortsNamed} more` : shown;
}
