import type { EngineTag } from '../../catalog/container-name.ts';
import type { Exposure } from '../../catalog/exposure.ts';
import type { ContainerFacts, Vantage } from '../../docker/facts.ts';
import type { LabelledRoute } from '../labels.ts';
import { imageName } from './known-servers.ts';
import type { NamedRoute } from './named-route.ts';
import type { WebPort } from './web-port.ts';

/**
 * Decides which containers without labels get a name (`expose: all`), and says what was chosen for each, and why. Pure.
 */
/** The one route of a container that asks for nothing. */
export const unlabelledRoute: LabelledRoute = { name: undefined, values: {} };

/** Why a container without labels gets no name, whatever its ports are; undefined where it may get one. */
export function whyNotExposed(
  { id, image, networking }: ContainerFacts,
  { selfId }: Pick<Vantage, 'selfId'>,
  webPort: WebPort,
): string | undefined {
  if (id === selfId || imageName(image ?? '') === 'sealane') return 'it runs Sealane';
  // Its ports are the host's, one of which may be Sealane's own.
  if (networking.kind === 'host') return "it is on the host's network, whose ports are other programs', too";
  if (networking.kind === 'none') return 'it has no network';
  return webPort.kind === 'none' ? webPort.because : undefined;
}

interface Exposed extends EngineTag {
  readonly id: string;
  readonly name: string;
}

export function notExposed({ id, name, engine }: Exposed, because: string): Exposure {
  return { containerId: id, container: name, engine, host: undefined, port: undefined, because, isLabelled: false };
}

/** What was chosen for a container, for each of its routes whose port no label names. */
export function exposuresOf(
  { id, name, engine }: Exposed,
  chosen: readonly NamedRoute[],
  isLabelled: boolean,
): readonly Exposure[] {
  return chosen.map(({ port, names, because = '' }) => {
    const host = names[0]?.pattern;
    return { containerId: id, container: name, engine, host, port, because, isLabelled };
  });
}
