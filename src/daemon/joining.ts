import type { Problem } from '../catalog/problem.ts';
import type { Settings } from '../config/settings.ts';
import type { Discovery } from '../discovery/discover.ts';
import { hasLabelsOf } from '../discovery/interest.ts';
import { splitKey } from '../discovery/label-names.ts';
import { projectOf, taskOf } from '../docker/creator.ts';
import type { Engine } from '../docker/engine.ts';
import type { ContainerFacts, EngineSnapshot, NetworkAttachment } from '../docker/facts.ts';
import { createJoiner, type Joiner, type JoinerParts, type OwnWorld } from '../joining/joiner.ts';
import type { JoinContainer } from '../joining/plan.ts';
import type { EngineSource } from './engine-source.ts';
import type { WatchedEngine } from './engine-watch.ts';

/**
 * Connects the joining of networks with the engine that Sealane's own container is on. Without the action `connect` it only
 * says that there is one.
 */
export interface Joining {
  /** The problems of what was discovered, as they are where Sealane joins networks by itself, or may. */
  amend(discovered: Discovery): readonly Problem[];
  /** Takes the next step of what was planned when the problems were amended. */
  advance(): void;
  stop(): void;
  /** Leaves what was joined, once no session is left. */
  leaveAll(): Promise<void>;
}

type JoiningSettings = Pick<Settings, 'engine-actions' | 'join-internal' | 'label-prefix'>;

export function createJoining(
  { clock, random, onChange }: Pick<JoinerParts, 'clock' | 'random' | 'onChange'>,
  { engines }: Pick<EngineSource, 'engines'>,
  settings: JoiningSettings,
): Joining {
  if (!settings['engine-actions'].includes('connect'))
    return { amend: ({ problems }) => withFlag(problems, engines), advance() {}, stop() {}, async leaveAll() {} };
  let joiner: Joiner | undefined;
  /** The engine of Sealane's container does not change. */
  let home: WatchedEngine | undefined;
  const find = (): WatchedEngine | undefined =>
    engines.find(({ snapshot }) => snapshot().vantage?.ownNetwork?.attachments !== undefined);
  return {
    amend(discovered) {
      home ??= find();
      const actions = home?.engine.actions;
      if (!home || !actions) return discovered.problems;
      const { engine } = home;
      const readOwn: JoinerParts['readOwn'] = (selfId, signal) => readNetworks(engine, selfId, signal);
      joiner ??= createJoiner({ clock, random, actions, readOwn, onChange }, { internal: settings['join-internal'] });
      return joiner.plan(worldOf(home.snapshot(), discovered, settings['label-prefix']), discovered.problems);
    },
    advance() {
      // What is known of an engine that is away may be outdated.
      if (home?.snapshot().status.kind === 'connected') joiner?.advance();
    },
    stop: () => joiner?.stop(),
    leaveAll: async () => joiner?.leaveAll(),
  };
}

async function readNetworks(
  engine: Engine,
  containerId: string,
  signal: AbortSignal,
): Promise<readonly NetworkAttachment[]> {
  const facts = await engine.inspect(containerId, signal);
  return facts?.networking.kind === 'networks' ? facts.networking.attachments : [];
}

/** Undefined until it is known which containers there are, for none of them may seem to need what was joined. */
function worldOf(snapshot: EngineSnapshot, { declarations }: Discovery, prefix: string): OwnWorld | undefined {
  const { vantage, containers, stopped, synced } = snapshot;
  const own = vantage?.ownNetwork?.attachments;
  if (vantage?.selfId === undefined || !own || !synced) return undefined;
  const declaring = new Set(declarations.flatMap(({ declaredBy: by }) => (by.kind === 'container' ? by.id : [])));
  // A sleeping container is reached as soon as it is woken.
  const served = [...containers.values(), ...stopped.values()].filter(
    ({ id, labels }) => declaring.has(id) && (hasLabelsOf(prefix, labels) || taskOf(labels) !== undefined),
  );
  return { selfId: vantage.selfId, own, containers: served.map((facts) => joinContainer(facts, snapshot, prefix)) };
}

function joinContainer(facts: ContainerFacts, { containers }: EngineSnapshot, prefix: string): JoinContainer {
  const { id, name, labels, networking } = facts;
  const owner = networking.kind === 'container' ? containers.get(networking.of)?.networking : networking;
  const named = Object.entries(labels).flatMap(([label, value]) => {
    const isOwn = label.startsWith(`${prefix}.`);
    return isOwn && splitKey(label.slice(prefix.length + 1)).option === 'network' ? value : [];
  });
  return {
    id,
    name,
    project: projectOf(labels),
    attachments: owner?.kind === 'networks' ? owner.attachments : [],
    named,
  };
}

/** Where Sealane may not join networks, what it is to be allowed for that. */
function withFlag(problems: readonly Problem[], engines: readonly WatchedEngine[]): readonly Problem[] {
  if (!problems.some(({ code }) => code === 'no-shared-network')) return problems;
  return problems.map((problem) => withFlagOf(problem, engines));
}

function withFlagOf(problem: Problem, engines: readonly WatchedEngine[]): Problem {
  if (problem.code !== 'no-shared-network' || problem.containerId === undefined) return problem;
  for (const { snapshot } of engines) {
    const facts = snapshot().containers.get(problem.containerId);
    if (facts && facts.networking.kind !== 'networks') return problem;
  }
  return { ...problem, fix: `${problem.fix} Or let Sealane join it: --engine-actions connect.` };
}
