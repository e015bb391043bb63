import { nameAt, type EngineTag } from '../catalog/container-name.ts';
import type { ContainerView } from '../catalog/explain/world.ts';
import { parseListenRanges, type ListenRange } from '../address/listen.ts';
import { containerOptions } from '../config/options/container.ts';
import { isOption } from '../config/options/route-options.ts';
import { isOneoff, projectOf, serviceOf } from '../docker/creator.ts';
import { gatewayBridge, type ContainerFacts, type EngineSnapshot, type NetworkAttachment } from '../docker/facts.ts';
import { printable, quoted } from '../text/printable.ts';
import { whyPublished } from './addresses/published.ts';
import { placeInSwarm, type SwarmKnowledge } from './swarm/place.ts';
import { withServiceLabels } from './swarm/service-labels.ts';
import { tagOfContainer } from './swarm/task-tag.ts';
import { hasLabelsOf } from './interest.ts';

/**
 * Describes containers and Sealane's vantage for explanations. Pure.
 */
export function viewContainer(facts: ContainerFacts, labelPrefix: string, of: ViewedEngine = {}): ContainerView {
  const inSwarm = placeInSwarm(facts, of, labelPrefix);
  const labels = withServiceLabels(facts.labels, inSwarm?.service, labelPrefix);
  const project = projectOf(labels);
  const service = serviceOf(labels);
  return {
    id: facts.id,
    name: nameAt(printable(facts.name), of),
    engine: of.engine,
    state: facts.state,
    lastExit: facts.lastExit,
    restarts: facts.restarts ?? 0,
    isLabelled: hasLabelsOf(labelPrefix, labels),
    isOneoff: isOneoff(labels),
    project: project === undefined ? undefined : printable(project),
    createdFor: service === undefined ? undefined : printable(service),
    task: tagOfContainer(labels, inSwarm),
    ...(inSwarm?.isElsewhere === true && { isLeftToManager: true }),
    networks: networksOf(facts),
    hostPorts: of.isHere === false ? [] : facts.publishedPorts.map(({ hostPort }) => hostPort),
    ...viewLabels(labels, labelPrefix),
  };
}

/** What labels ask for, also those with mistakes. */
export function viewLabels(
  labels: ContainerFacts['labels'],
  labelPrefix: string,
): Pick<ContainerView, 'isDisabled' | 'pools' | 'asksFor'> {
  return {
    isDisabled: containerOptions.enable.schema.safeParse(labels[`${labelPrefix}.enable`]?.trim()).data === false,
    pools: Object.entries(labels).flatMap(([key, value]) =>
      key.startsWith(`${labelPrefix}.`) && key.endsWith('.pool') ? [printable(value.trim())] : [],
    ),
    asksFor: (port) => asksFor(labels, labelPrefix, port),
  };
}

/** Where a container is, and what is known of the task that it may run. */
export interface ViewedEngine extends EngineTag, SwarmKnowledge {
  /** Whether it publishes ports on this machine, as an engine on another one does not. Default: true. */
  readonly isHere?: boolean;
}

/** Whether the labels, also those with mistakes, ask for a listener on the port. */
export function asksFor(labels: ContainerFacts['labels'], labelPrefix: string, port: number): boolean {
  return listenRanges(labels, labelPrefix).some((one) => port >= one.port && port < one.port + one.count);
}

/**
 * The listen addresses in the labels: of `listen`, of labels that Sealane does not know, such as a mistyped `listen`, and,
 * where there are none, of `port`, which then stands for both.
 */
function listenRanges(labels: ContainerFacts['labels'], labelPrefix: string): readonly ListenRange[] {
  const rangesOf = (isMeant: (option: string) => boolean): ListenRange[] =>
    Object.entries(labels).flatMap(([key, value]) => {
      const option = key.slice(key.lastIndexOf('.') + 1);
      if (!key.startsWith(`${labelPrefix}.`) || !isMeant(option)) return [];
      const ranges = parseListenRanges(value.trim());
      return typeof ranges === 'string' ? [] : ranges;
    });
  const wanted = rangesOf((option) => option === 'listen' || !isOption(option));
  return wanted.length > 0 ? wanted : rangesOf((option) => option === 'port');
}

function networksOf({ networking }: ContainerFacts): string {
  switch (networking.kind) {
    case 'host':
      return 'the host network';
    case 'none':
      return 'no network';
    case 'container':
      return `the network of container ${printable(networking.of.slice(0, 12))}`;
    case 'networks':
      return networkNames(networking.attachments);
  }
}

function networkNames(attachments: readonly NetworkAttachment[]): string {
  const own = attachments.filter(({ name }) => name !== gatewayBridge);
  return own.length === 0 ? 'no network' : `network ${own.map(({ name }) => quoted(name)).join(', ')}`;
}

/** Sealane's vantage in words; undefined while it is unknown. */
export function viewVantage({
  vantage,
  containers,
}: Pick<EngineSnapshot, 'vantage' | 'containers'>): string | undefined {
  const reach = vantage?.reach;
  switch (reach?.kind) {
    case undefined:
      return undefined;
    case 'host':
      return "Sealane is on the engine's host and reaches containers on any bridge network";
    case 'published':
      return `${whyPublished(reach)}: Sealane reaches containers through published ports only, on ${printable(reach.host)}`;
    case 'networks': {
      const names = new Map<string, string>();
      const note = (attachments: readonly NetworkAttachment[] = []): void => {
        for (const { networkId, name } of attachments) names.set(networkId, quoted(name));
      };
      for (const { networking } of containers.values())
        if (networking.kind === 'networks') note(networking.attachments);
      note(vantage?.ownNetwork?.attachments);
      const own = [...reach.networkIds].map((id) => names.get(id) ?? id.slice(0, 12));
      return own.length === 0 ? 'Sealane is on no network' : `Sealane is on network ${own.join(', ')}`;
    }
  }
}
