import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { ContainerFacts, ContainerSummary } from '../facts.ts';
import { EngineError, type Engine, type EngineInstallation } from '../engine.ts';
import { EngineClock } from '../engine-clock.ts';
import { badStatus, connectionFailed, glimpse, nonsense, timedOut, type FailedCall } from '../engine-errors.ts';
import { parseEngineUrl, type EngineEnvironment, type EngineTarget } from '../engine-url.ts';
import { DeadlineExceeded, readText, settleBy, withDeadline } from './deadline.ts';
import { parseInspect, parseListRow, type Parsed } from '../parse.ts';
import { dateSchema, errorBodySchema, versionSchema } from '../schema.ts';
import { negotiate } from './api-version.ts';
import { openModem, type SendRequest } from './modem.ts';

/**
 * Implements the `Engine` port over dockerode: the five read-only calls, each with a deadline, whose answers become
 * facts or readable errors.
 */
export interface DockerodeEngineOptions {
  /** The environment with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH; that of the process unless given. */
  readonly environment?: EngineEnvironment;
  /**
   * The deadline of each call but ping, in milliseconds; 10 s unless given. An inspect waits for the container's lock:
   * up to 342 ms during a restart.
   */
  readonly deadlineMs?: number;
  readonly pingDeadlineMs?: number;
  /** The ssh command for ssh:// engines; `ssh` unless given. */
  readonly ssh?: readonly [string, ...string[]];
  /** Called for each answer that was left out because it could not be understood. */
  readonly onProblem?: (problem: string) => void;
}

/** Throws an `EngineError` when `url` cannot be an engine's address; connects only when called. */
export function createDockerodeEngine(url: string, options: DockerodeEngineOptions = {}): Engine {
  return new DockerodeEngine(url, options);
}

/** One stream carries all events. Labels are matched by Sealane, since a label filter would drop all network events. */
const eventFilters = JSON.stringify({
  type: ['container', 'network'],
  event: [
    'create',
    'start',
    'die',
    'stop',
    'kill',
    'pause',
    'unpause',
    'rename',
    'update',
    'destroy',
    'oom',
    'health_status',
    'connect',
    'disconnect',
  ],
});

/** The list of 1,000 containers takes about 1 MB; an answer that is 64 times as long is not a container list. */
const maxAnswerBytes = 64 * 1024 * 1024;

interface Call {
  /** The path without the API version, with segments from outside already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly unversioned?: true;
}

class DockerodeEngine implements Engine {
  readonly endpoint: string;
  readonly clock = new EngineClock();
  readonly #target: EngineTarget;
  readonly #options: DockerodeEngineOptions;
  #modem: Promise<SendRequest> | undefined;
  #apiVersion: string | undefined;

  constructor(url: string, options: DockerodeEngineOptions) {
    this.endpoint = url;
    this.#target = parseEngineUrl(url, options.environment ?? process.env);
    this.#options = options;
  }

  async ping(signal?: AbortSignal): Promise<{ readonly apiVersion: string }> {
    const failed = this.#failed('GET /_ping');
    const { pingDeadlineMs = 5000 } = this.#options;
    const { response, text } = await this.#answer(
      failed,
      { path: '/_ping', unversioned: true },
      pingDeadlineMs,
      signal,
    );
    if (response.statusCode !== 200) throw this.#statusError(failed, response, text);
    const offered = response.headers['api-version'];
    const apiVersion = typeof offered === 'string' ? negotiate(offered) : undefined;
    if (apiVersion === undefined) throw nonsense(failed, `${glimpse(text)} and no Api-Version`);
    this.#apiVersion = apiVersion;
    return { apiVersion };
  }

  async list(signal?: AbortSignal): Promise<readonly ContainerSummary[]> {
    const failed = this.#failed('GET /containers/json');
    const rows = await this.#json(failed, { path: '/containers/json' }, signal);
    if (!Array.isArray(rows)) throw nonsense(failed, `${glimpse(JSON.stringify(rows ?? null))}, not a list`);
    return rows.flatMap((row: unknown) => this.#orProblem('a row of the container list', parseListRow(row)) ?? []);
  }

  async inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | undefined> {
    const failed = this.#failed('GET /containers/{id}/json');
    const json = await this.#json(failed, { path: `/containers/${encodeURIComponent(id)}/json` }, signal, 404);
    if (json === undefined) return undefined;
    const parsed = parseInspect(json);
    if (parsed.ok) return parsed.value;
    throw new EngineError('nonsense', `container ${id.slice(0, 12)} cannot be understood (${parsed.why})`);
  }

  async events(since: string | undefined, signal: AbortSignal): Promise<Readable> {
    const failed = this.#failed('GET /events');
    const { deadlineMs = 10_000 } = this.#options;
    // The stream outlives the call: its own signal ends the request, while the deadline covers only the headers.
    const stream = new AbortController();
    const abort = (): void => stream.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const response = await this.#guarded(failed, deadlineMs, signal, async (deadline) => {
        const query = { filters: eventFilters, ...(since !== undefined && { since }) };
        const opened = await settleBy(deadline, this.#dial({ path: '/events', query }, stream.signal));
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

  async installation(signal?: AbortSignal): Promise<EngineInstallation> {
    const failed = this.#failed('GET /version');
    const parsed = versionSchema.safeParse(await this.#json(failed, { path: '/version' }, signal));
    if (!parsed.success) throw nonsense(failed, 'an unknown shape');
    const components = (parsed.data.Components ?? []).map((component) => component.Name);
    return { platform: parsed.data.Platform?.Name ?? '', rootless: components.includes('rootlesskit') };
  }

  /**
   * Returns undefined only for an `absentStatus` with an engine's own message: the 404 page of a proxy does not mean
   * that a container is gone.
   */
  async #json(failed: FailedCall, call: Call, signal?: AbortSignal, absentStatus?: number): Promise<unknown> {
    if (this.#apiVersion === undefined) await this.ping(signal);
    const { deadlineMs = 10_000 } = this.#options;
    const { response, text } = await this.#answer(failed, call, deadlineMs, signal);
    if (response.statusCode === absentStatus && engineMessage(text) !== undefined) return undefined;
    if (response.statusCode !== 200) throw this.#statusError(failed, response, text);
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw nonsense(failed, `${glimpse(text)}, not JSON${error instanceof SyntaxError ? '' : ' at all'}`);
    }
  }

  #answer(
    failed: FailedCall,
    call: Call,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly response: IncomingMessage; readonly text: string }> {
    return this.#guarded(failed, deadlineMs, signal, async (deadline) => {
      const response = await this.#dial(call, deadline);
      return { response, text: await readText(response, deadline, maxAnswerBytes) };
    });
  }

  /** Puts the deadline on `task` and turns its errors into readable ones. */
  async #guarded<T>(
    failed: FailedCall,
    deadlineMs: number,
    signal: AbortSignal | undefined,
    task: (deadline: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline(deadlineMs, signal, task);
    } catch (error) {
      if (error instanceof DeadlineExceeded) throw timedOut(failed, deadlineMs);
      throw connectionFailed(failed, error);
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
    const { environment = process.env, ssh = ['ssh'] } = this.#options;
    try {
      return await openModem(this.#target, { environment, ssh });
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

  #orProblem<T>(what: string, parsed: Parsed<T>): T | undefined {
    if (parsed.ok) return parsed.value;
    this.#options.onProblem?.(`${what} cannot be understood and is left out (${parsed.why})`);
    return undefined;
  }

  #failed(call: string): FailedCall {
    return { endpoint: this.endpoint, target: this.#target, call };
  }
}

function engineMessage(text: string): string | undefined {
  try {
    const parsed = errorBodySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.message : undefined;
  } catch {
    return undefined;
  }
}

function isHtml(response: IncomingMessage): boolean {
  return /html/i.test(response.headers['content-type'] ?? '');
}
