import type { EndpointName } from '../endpoints.ts';
import type { KeptShapes } from '../json/kept-shapes.ts';
import type { Sifted } from '../json/kept-text.ts';
import type { SwarmNode, SwarmService, SwarmStanding, SwarmTask } from '../swarm/facts.ts';
import { parseNode, parseService, parseStanding, parseTask } from '../swarm/parse.ts';
import { RowMemory } from '../swarm/row-memory.ts';
import { liveStates, type SwarmApi, type SwarmEventHandlers, type TaskFilter } from '../swarm/swarm-api.ts';
import { readSwarmEvents } from '../swarm/swarm-events.ts';
import { Templates } from '../swarm/templates.ts';
import type { EngineCalls } from './engine-calls.ts';
import type { RecentAnswer } from './recent-answer.ts';

/**
 * Implements the port to a Swarm with the calls of one of its engines.
 */
export interface DockerodeSwarmParts {
  readonly calls: EngineCalls;
  readonly kept: KeptShapes;
  /** The answer to `GET /info`. */
  readonly info: RecentAnswer<unknown>;
  /** Called for each answer that was left out because it could not be understood. */
  readonly onProblem: (problem: string) => void;
}

export class DockerodeSwarm implements SwarmApi {
  readonly #calls: EngineCalls;
  readonly #kept: KeptShapes;
  readonly #templates = new Templates();
  readonly #services = new RowMemory((json) => parseService(json, this.#templates), this.#leftOut('service'));
  readonly #tasks = new RowMemory((json) => parseTask(json, this.#templates), this.#leftOut('task'));
  readonly #nodes = new RowMemory(parseNode, this.#leftOut('node'));
  readonly #info: RecentAnswer<unknown>;
  readonly #onProblem: (problem: string) => void;

  constructor({ calls, kept, info, onProblem }: DockerodeSwarmParts) {
    this.#calls = calls;
    this.#kept = kept;
    this.#info = info;
    this.#onProblem = onProblem;
  }

  async standing(signal?: AbortSignal): Promise<SwarmStanding> {
    return parseStanding(this.#calls.dialect.hasSwarm ? await this.#info.get(signal) : undefined);
  }

  async services(ids: readonly string[] | 'all', signal?: AbortSignal): Promise<readonly SwarmService[]> {
    return this.#services.read((await this.#rowsOf('services', 'id', ids, {}, signal)) ?? []);
  }

  async nodes(signal?: AbortSignal): Promise<readonly SwarmNode[]> {
    return this.#nodes.read((await this.#rows('nodes', {}, signal)) ?? []);
  }

  async tasks(filter: TaskFilter, signal?: AbortSignal): Promise<readonly SwarmTask[] | undefined> {
    const live = { 'desired-state': [...liveStates] };
    const rows =
      filter.kind === 'ids'
        ? await this.#rowsOf('tasks', 'id', filter.ids, {}, signal)
        : await this.#rowsOf('tasks', 'service', filter.services, live, signal);
    return rows && this.#tasks.read(rows);
  }

  async events({ onOpen, onEvent }: SwarmEventHandlers, signal: AbortSignal): Promise<void> {
    const filters = { type: ['service', 'node'], event: ['create', 'update', 'remove'] };
    const query = { filters: JSON.stringify(filters) };
    const body = await this.#calls.open({ name: 'events', query }, signal);
    onOpen();
    await readSwarmEvents(body, this.#kept, onEvent);
    signal.throwIfAborted();
  }

  /**
   * The rows that `key` is one of `values` of; a few at a time, since they stand in the path, which proxies limit. Undefined
   * where one of the values is gone.
   */
  async #rowsOf(name: ListName, key: string, values: readonly string[] | 'all', and: Filters, signal?: AbortSignal) {
    if (values === 'all') return this.#rows(name, and, signal);
    const rows: Sifted[] = [];
    for (let from = 0; from < values.length; from += mostInPath) {
      const some = values.slice(from, from + mostInPath);
      const found = await this.#rows(name, { ...and, [key]: some }, signal, key === 'service');
      if (!found) return undefined;
      rows.push(...found);
    }
    return rows;
  }

  /** Docker looks up the services that a filter names, and refuses the whole call where it does not find one. */
  async #rows(name: ListName, filters: Filters, signal?: AbortSignal, mayBeMissing = false) {
    const rows: Sifted[] = [];
    const query = Object.keys(filters).length === 0 ? {} : { query: { filters: JSON.stringify(filters) } };
    const onElement = (element: Sifted): number => rows.push(element);
    const isFound = await this.#calls.list({ name, ...query }, this.#kept[name], onElement, signal, { mayBeMissing });
    return isFound ? rows : undefined;
  }

  #leftOut(what: string): (id: string, why: string) => void {
    return (id, why) => this.#onProblem(`${what} ${id} of the Swarm cannot be understood and is left out (${why})`);
  }
}

type ListName = Extract<EndpointName, 'services' | 'tasks' | 'nodes'>;
type Filters = Readonly<Record<string, readonly string[]>>;

/** So many ids make 4 KB of a path, of which proxies accept 8 KB. */
const mostInPath = 100;
