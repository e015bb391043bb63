import type { Readable } from 'node:stream';
import { gatewayBridge, type ContainerFacts, type ContainerSummary } from '../facts.ts';
import { eventFilters } from '../dialect.ts';
import type { EngineActions } from '../engine-actions.ts';
import { EngineError, type Engine, type EngineGreeting, type EngineInstallation } from '../engine.ts';
import { EngineClock } from '../engine-clock.ts';
import { addressOf, type EngineAddress } from '../engine-url.ts';
import type { Sifted } from '../json/kept-text.ts';
import { keptShapes, type KeptShapes } from '../json/kept-shapes.ts';
import { parseInspect, parseListRow, parseNetworkContainers } from '../parse.ts';
import { systemClock } from '../../time/clock.ts';
import { networkInspectSchema, statsSchema } from '../schema.ts';
import type { SwarmApi } from '../swarm/swarm-api.ts';
import { parseJson } from './answer-text.ts';
import { DockerodeActions, noActions, type ActionRules } from './dockerode-actions.ts';
import { EngineCalls, tooLarge } from './engine-calls.ts';
import { GatewayAddresses, type GatewayAttachments } from './gateway-addresses.ts';
import { InstallationReader } from './installation.ts';
import { DockerodeSwarm } from './dockerode-swarm.ts';
import { NetworkDrivers, type NetworkKind } from './network-drivers.ts';
import { RecentAnswer } from './recent-answer.ts';

/**
 * Implements the `Engine` port over dockerode: read-only calls, each with a deadline, whose answers become
 * facts or readable errors. The calls that change something are in `dockerode-actions.ts`.
 */
export interface DockerodeEngineOptions {
  /** What the answers tell of the engine's clock; its own unless given. */
  readonly clock?: EngineClock;
  /**
   * The deadline of each call but ping, in milliseconds; 10 s unless given, and more for an engine that was slower. It
   * begins anew with each piece of an answer. An inspect waits for the container's lock: up to 342 ms during a restart.
   */
  readonly deadlineMs?: number;
  readonly pingDeadlineMs?: number;
  /** The prefix of Sealane's labels; `sealane` unless given. Of others' labels, only a few are read. */
  readonly labelPrefix?: string;
  /** The ssh command for ssh:// engines; `ssh` unless given. */
  readonly ssh?: readonly [string, ...string[]];
  /** What may be changed at the engine; nothing unless given. */
  readonly actions?: ActionRules;
  /** Called for each answer that was left out because it could not be understood. */
  readonly onProblem?: (problem: string) => void;
}

/** Connects only when called. Throws an `EngineError` when a URL cannot be an engine's address. */
export function createDockerodeEngine(
  at: string | EngineAddress,
  options: DockerodeEngineOptions = {},
): Required<Engine> {
  return new DockerodeEngine(typeof at === 'string' ? addressOf(at) : at, options);
}

class DockerodeEngine implements Required<Engine> {
  readonly endpoint: string;
  readonly clock: EngineClock;
  readonly actions: EngineActions;
  readonly swarm: SwarmApi;
  readonly #onProblem: (problem: string) => void;
  readonly #kept: KeptShapes;
  readonly #calls: EngineCalls;
  readonly #info = new RecentAnswer((signal) => this.#calls.about('info', signal), systemClock);
  readonly #networkDrivers = new NetworkDrivers((id, signal) => this.#kindOf(id, signal), systemClock);
  readonly #gatewayAddresses = new GatewayAddresses((signal) => this.#onGateway(signal), systemClock);
  readonly #installation = new InstallationReader((name, signal) =>
    name === 'info' ? this.#info.get(signal) : this.#calls.about(name, signal),
  );

  constructor({ url, target }: EngineAddress, options: DockerodeEngineOptions) {
    const { clock = new EngineClock(), deadlineMs = 10_000, pingDeadlineMs = 5000, ssh = ['ssh'] } = options;
    this.endpoint = url;
    this.clock = clock;
    this.#onProblem = options.onProblem ?? (() => {});
    this.#kept = keptShapes(options.labelPrefix ?? 'sealane');
    const parts = { endpoint: url, target, clock, kept: this.#kept };
    this.#calls = new EngineCalls(parts, { deadlineMs, pingDeadlineMs, ssh });
    this.actions = new DockerodeActions(this.#calls, options.actions ?? noActions);
    this.swarm = new DockerodeSwarm({
      calls: this.#calls,
      kept: this.#kept,
      info: this.#info,
      onProblem: this.#onProblem,
    });
  }

  ping(signal?: AbortSignal): Promise<EngineGreeting> {
    return this.#calls.ping(signal);
  }

  async list(signal?: AbortSignal, which: 'live' | 'all' = 'live'): Promise<readonly ContainerSummary[]> {
    const rows: ContainerSummary[] = [];
    const call = { name: 'list', ...(which === 'all' && { query: { all: '1' } }) } as const;
    await this.#calls.list(call, this.#kept.list, (element) => rows.push(...this.#row(element)), signal);
    return rows;
  }

  async inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | undefined> {
    const call = { name: 'inspect', id } as const;
    const answer = await this.#calls.json(call, this.#kept.inspect, signal, { mayBeMissing: true });
    if (answer === undefined) return undefined;
    const parsed = answer.ok ? parseInspect(answer.value, this.#calls.dialect) : answer;
    if (parsed.ok) {
      const facts = await this.#networkDrivers.addTo(parsed.value, signal);
      return this.#gatewayAddresses.addTo(facts, signal);
    }
    throw new EngineError('nonsense', `container ${id.slice(0, 12)} cannot be understood (${parsed.why})`);
  }

  async #kindOf(networkId: string, signal: AbortSignal): Promise<NetworkKind | undefined> {
    const call = { name: 'network', id: networkId } as const;
    const answer = await this.#calls.json(call, this.#kept.network, signal, { mayBeMissing: true });
    const network = networkInspectSchema.safeParse(answer?.ok ? answer.value : undefined).data;
    return network && { driver: network.Driver, ...(network.Internal === true && { internal: true }) };
  }

  async #onGateway(signal: AbortSignal): Promise<GatewayAttachments | undefined> {
    const call = { name: 'network', id: gatewayBridge } as const;
    const answer = await this.#calls.json(call, this.#kept.gateway, signal, { mayBeMissing: true });
    if (answer === undefined) return new Map();
    const parsed = answer.ok ? parseNetworkContainers(answer.value, gatewayBridge) : answer;
    return parsed.ok ? parsed.value : undefined;
  }

  events(since: string | undefined, signal: AbortSignal): Promise<Readable> {
    const query = { filters: eventFilters(this.#calls.dialect), ...(since !== undefined && { since }) };
    return this.#calls.open({ name: 'events', query }, signal);
  }

  async memoryOf(id: string, signal?: AbortSignal): Promise<number | undefined> {
    const query = { stream: 'false', 'one-shot': 'true' };
    const answer = await this.#calls.json({ name: 'stats', id, query }, this.#kept.stats, signal, {
      mayBeMissing: true,
    });
    const { usage, stats } = statsSchema.safeParse(answer?.ok ? answer.value : undefined).data?.memory_stats ?? {};
    if (usage === undefined || usage === null || usage === 0) return undefined;
    // As `docker stats` counts it.
    return Math.max(0, usage - (stats?.total_inactive_file ?? stats?.inactive_file ?? 0));
  }

  installation(signal?: AbortSignal): Promise<EngineInstallation> {
    return this.#installation.read(signal);
  }

  /** The row, or none if it can't be understood. */
  #row(element: Sifted): ContainerSummary[] {
    const json = element.kind === 'text' ? parseJson(element.text) : ({ ok: false, why: tooLarge } as const);
    const parsed = json.ok ? parseListRow(json.value) : json;
    if (parsed.ok) return [parsed.value];
    const id = element.kind === 'text' ? undefined : /"Id":"([0-9a-f]{12})/.exec(element.head)?.[1];
    const what = id === undefined ? 'a row of the container list' : `container ${id} in the container list`;
    this.#onProblem(`${what} cannot be understood and is left out (${parsed.why})`);
    return [];
  }
}
