import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { ContainerFacts, ContainerSummary } from '../facts.ts';
import { callName, pathOf, type EndpointName } from '../endpoints.ts';
import { dialectOfComponents, dialectOfPing, dockerDialect, eventFilters, type Dialect } from '../dialect.ts';
import { EngineError, type Engine, type EngineGreeting, type EngineInstallation } from '../engine.ts';
import { EngineClock } from '../engine-clock.ts';
import { badStatus, connectionFailed, glimpse, nonsense, timedOut, type FailedCall } from '../engine-errors.ts';
import { addressOf, type EngineAddress, type EngineTarget } from '../engine-url.ts';
import { JsonSieve, type Shape } from '../json/json-sieve.ts';
import type { Sifted } from '../json/kept-text.ts';
import { keptShapes, maxKeptBytes, type KeptShapes } from '../json/kept-shapes.ts';
import { DeadlineExceeded, readBody, readText, settleBy, withDeadline } from './deadline.ts';
import { parseInspect, parseListRow, type Parsed } from '../parse.ts';
import { systemClock } from '../../time/clock.ts';
import { dateSchema, networkInspectSchema } from '../schema.ts';
import { EnginePace } from '../engine-pace.ts';
import { engineMessage, isHtml, parseJson } from './answer-text.ts';
import { negotiate } from './api-version.ts';
import { componentsOf, InstallationReader } from './installation.ts';
import { openModem, type SendRequest } from './modem.ts';
import { NetworkDrivers } from './network-drivers.ts';

/**
 * Implements the `Engine` port over dockerode: read-only calls, each with a deadline, whose answers become
 * facts or readable errors.
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

/** The limit of answers that hold no containers: pings and errors. */
const maxAnswerBytes = 1024 * 1024;

interface Call {
  /** The path without the API version, with segments from outside already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly unversioned?: true;
}

interface SiftOptions {
  readonly mayBeMissing?: boolean;
}

class DockerodeEngine implements Required<Engine> {
  readonly endpoint: string;
  readonly clock: EngineClock;
  readonly #target: EngineTarget;
  readonly #options: DockerodeEngineOptions;
  readonly #kept: KeptShapes;
  readonly #pace = new EnginePace();
  readonly #networkDrivers = new NetworkDrivers((id, signal) => this.#driverOf(id, signal), systemClock);
  readonly #installation = new InstallationReader((name, signal) => this.#about(name, signal));
  #modem: Promise<SendRequest> | undefined;
  #apiVersion: string | undefined;
  /** Docker's until the engine has told. */
  #dialect = dockerDialect;

  constructor({ url, target }: EngineAddress, options: DockerodeEngineOptions) {
    this.endpoint = url;
    this.clock = options.clock ?? new EngineClock();
    this.#target = target;
    this.#options = options;
    this.#kept = keptShapes(options.labelPrefix ?? 'sealane');
  }

  async ping(signal?: AbortSignal): Promise<EngineGreeting> {
    const failed = this.#failed('ping');
    const { pingDeadlineMs = 5000 } = this.#options;
    const call = { path: pathOf('ping'), unversioned: true } as const;
    const { response, text = '' } = await this.#answer(failed, call, pingDeadlineMs, signal);
    if (response.statusCode !== 200) throw this.#statusError(failed, response, text);
    const offered = response.headers['api-version'];
    const apiVersion = typeof offered === 'string' ? negotiate(offered) : undefined;
    if (apiVersion === undefined) throw nonsense(failed, `${glimpse(text)} and no Api-Version`);
    this.#apiVersion = apiVersion;
    this.#dialect = dialectOfPing(response.headers) ?? (await this.#dialectOfVersion(signal));
    return { apiVersion, dialect: this.#dialect };
  }

  async list(signal?: AbortSignal, which: 'live' | 'all' = 'live'): Promise<readonly ContainerSummary[]> {
    const failed = this.#failed('list');
    const rows: ContainerSummary[] = [];
    const sieve = new JsonSieve(this.#kept.list, {
      maxBytes: maxKeptBytes,
      onElement: (element) => rows.push(...this.#row(element)),
    });
    const query = which === 'all' ? { query: { all: '1' } } : {};
    await this.#sift(failed, { path: pathOf('list'), ...query }, sieve, signal);
    const { isDone } = sieve;
    const rest = sieve.finish();
    const other = rest.kind === 'text' ? rest.text : rest.head;
    if (other !== '') throw nonsense(failed, `${glimpse(other)}, not a list`);
    if (!isDone) throw nonsense(failed, 'a list without an end');
    return rows;
  }

  async inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | undefined> {
    const failed = this.#failed('inspect');
    const call = { path: pathOf('inspect', id) };
    const answer = await this.#json(failed, call, this.#kept.inspect, signal, { mayBeMissing: true });
    if (answer === undefined) return undefined;
    const parsed = answer.ok ? parseInspect(answer.value, this.#dialect) : answer;
    if (parsed.ok) return this.#networkDrivers.addTo(parsed.value, signal);
    throw new EngineError('nonsense', `container ${id.slice(0, 12)} cannot be understood (${parsed.why})`);
  }

  async #driverOf(networkId: string, signal: AbortSignal): Promise<string | undefined> {
    const call = { path: pathOf('network', networkId) };
    const options = { mayBeMissing: true };
    const answer = await this.#json(this.#failed('network'), call, this.#kept.network, signal, options);
    return networkInspectSchema.safeParse(answer?.ok ? answer.value : undefined).data?.Driver;
  }

  async events(since: string | undefined, signal: AbortSignal): Promise<Readable> {
    const failed = this.#failed('events');
    const { deadlineMs = 10_000 } = this.#options;
    // The stream outlives the call: its own signal ends the request, while the deadline covers only the headers.
    const stream = new AbortController();
    const abort = (): void => stream.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const response = await this.#guarded(failed, deadlineMs, signal, async (deadline) => {
        const query = { filters: eventFilters(this.#dialect), ...(since !== undefined && { since }) };
        const opened = await settleBy(deadline, this.#dial({ path: pathOf('events'), query }, stream.signal));
        if (opened.statusCode === 200 && !isHtml(opened)) return opened;
        throw this.#statusError(failed, opened, await readText(opened, deadline, maxAnswerBytes));
      });
      response.once('close', () => signal.removeEventListener('abort', abort));
      return response;
    } catch (error) {
      signal.removeEventListener('abort', abort);
      stream.abort(error);
      throw error;
    }
  }

  installation(signal?: AbortSignal): Promise<EngineInstallation> {
    return this.#installation.read(signal);
  }

  /**
   * A proxy may answer pings itself, or without the engine's headers, and it may forbid or swallow this call, too: what is
   * known already stays then.
   */
  async #dialectOfVersion(signal?: AbortSignal): Promise<Dialect> {
    try {
      const version = await this.#about('version', signal);
      return version === undefined ? this.#dialect : dialectOfComponents(componentsOf(version));
    } catch (error) {
      if (signal?.aborted) throw error;
      return this.#dialect;
    }
  }

  /** Undefined where the engine has no such call. */
  async #about(name: 'version' | 'info', signal: AbortSignal | undefined): Promise<unknown> {
    const options = { mayBeMissing: true };
    const answer = await this.#json(this.#failed(name), { path: pathOf(name) }, this.#kept[name], signal, options);
    return answer?.ok ? answer.value : undefined;
  }

  async #json(
    failed: FailedCall,
    call: Call,
    kept: Shape,
    signal?: AbortSignal,
    options?: SiftOptions,
  ): Promise<Parsed<unknown> | undefined> {
    const sieve = new JsonSieve(kept, { maxBytes: maxKeptBytes });
    if (!(await this.#sift(failed, call, sieve, signal, options))) return undefined;
    const sifted = sieve.finish();
    if (sifted.kind === 'too-large') return { ok: false, why: tooLarge };
    const json = parseJson(sifted.text);
    if (!json.ok) throw nonsense(failed, `${glimpse(sifted.text)}, ${json.why}`);
    return json;
  }

  /**
   * Puts the body of an answer through `sieve`. Resolves to false only where what is asked for may be missing, and an
   * engine's own message says so: the 404 page of a proxy does not mean that a container is gone.
   */
  async #sift(
    failed: FailedCall,
    call: Call,
    sieve: JsonSieve,
    signal?: AbortSignal,
    { mayBeMissing = false }: SiftOptions = {},
  ): Promise<boolean> {
    if (this.#apiVersion === undefined) await this.ping(signal);
    const { deadlineMs = 10_000 } = this.#options;
    const { response, text } = await this.#answer(failed, call, deadlineMs, signal, sieve);
    if (text === undefined) return true;
    const said = engineMessage(text);
    if (mayBeMissing && said !== undefined && this.#dialect.isMissing(response.statusCode ?? 0, said)) return false;
    throw this.#statusError(failed, response, text);
  }

  /** `text` is that of an answer that was not put through `sieve`, since its status is not 200. */
  #answer(
    failed: FailedCall,
    call: Call,
    deadlineMs: number,
    signal: AbortSignal | undefined,
    sieve?: JsonSieve,
  ): Promise<{ readonly response: IncomingMessage; readonly text: string | undefined }> {
    return this.#guarded(failed, deadlineMs, signal, async (deadline, alive) => {
      const response = await this.#dial(call, deadline);
      if (sieve === undefined || response.statusCode !== 200) {
        return { response, text: await readText(response, deadline, maxAnswerBytes) };
      }
      await readBody(response, deadline, (chunk) => {
        alive();
        sieve.push(chunk);
      });
      return { response, text: undefined };
    });
  }

  /** Puts a deadline on `task`, by the engine's pace so far, and turns its errors into readable ones. */
  async #guarded<T>(
    failed: FailedCall,
    leastMs: number,
    signal: AbortSignal | undefined,
    task: (deadline: AbortSignal, alive: () => void) => Promise<T>,
  ): Promise<T> {
    const deadlineMs = this.#pace.deadlineMs(failed.call, leastMs);
    const beganMs = performance.now();
    try {
      const result = await withDeadline(deadlineMs, signal, task);
      this.#pace.answered(failed.call, performance.now() - beganMs);
      return result;
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) throw connectionFailed(failed, error);
      this.#pace.timedOut(failed.call, deadlineMs);
      throw timedOut(failed, deadlineMs);
    }
  }

  async #dial({ path, query, unversioned }: Call, signal: AbortSignal): Promise<IncomingMessage> {
    const send = await (this.#modem ??= this.#openModem());
    signal.throwIfAborted();
    const version = unversioned || this.#apiVersion === undefined ? '' : `/v${this.#apiVersion}`;
    const askedMs = Date.now();
    const response = await send({ path: `${version}${path}`, query, signal });
    const date = dateSchema.safeParse(response.headers.date);
    if (date.success) this.clock.answered(date.data, askedMs, Date.now());
    return response;
  }

  async #openModem(): Promise<SendRequest> {
    const { ssh = ['ssh'] } = this.#options;
    try {
      return await openModem(this.#target, { ssh });
    } catch (error) {
      // The next call opens the modem again, since a certificate may have been corrected by then.
      this.#modem = undefined;
      throw error;
    }
  }

  #statusError(failed: FailedCall, response: IncomingMessage, text: string): EngineError {
    const said = engineMessage(text);
    // "client version 1.52 is too new" or "too old" means that another engine has the address: negotiate again.
    if (response.statusCode === 400 && /client version/i.test(said ?? '')) this.#apiVersion = undefined;
    return badStatus(failed, response.statusCode ?? 0, said, text);
  }

  /** The row, or none if it can't be understood. */
  #row(element: Sifted): ContainerSummary[] {
    const json = element.kind === 'text' ? parseJson(element.text) : ({ ok: false, why: tooLarge } as const);
    const parsed = json.ok ? parseListRow(json.value) : json;
    if (parsed.ok) return [parsed.value];
    const id = element.kind === 'text' ? undefined : /"Id":"([0-9a-f]{12})/.exec(element.head)?.[1];
    const what = id === undefined ? 'a row of the container list' : `container ${id} in the container list`;
    this.#options.onProblem?.(`${what} cannot be understood and is left out (${parsed.why})`);
    return [];
  }

  #failed(name: EndpointName): FailedCall {
    return { endpoint: this.endpoint, target: this.#target, call: callName(name) };
  }
}

const tooLarge = 'its labels for Sealane have more than 1 MiB, or what is read of it more than 8 MiB';
