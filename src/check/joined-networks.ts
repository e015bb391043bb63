import type { ComposeProject } from '../compose/project.ts';
import type { Reach } from '../docker/facts.ts';
import { networkName } from './facts.ts';
import type { SealaneService } from './sealane-service.ts';

/**
 * The reach of a Sealane that may connect its own container to networks: those of the file count as its own. Pure.
 */
export function withJoined(reach: Reach, sealane: SealaneService, { name: project, networks }: ComposeProject): Reach {
  const { service, settings } = sealane;
  const isOnNetworksOfItsOwn = !/^(?:none$|service:|container:)/.test(service.networkMode);
  if (reach.kind !== 'networks' || !isOnNetworksOfItsOwn || !settings['engine-actions'].includes('connect'))
    return reach;
  const joined = ['default', ...networks.keys()]
    .filter((key) => settings['join-internal'] || networks.get(key)?.internal !== true)
    .map((key) => networkName(key, { project, networks }));
  return { ...reach, networkIds: new Set([...reach.networkIds, ...joined]) };
}
