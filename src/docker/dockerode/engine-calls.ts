import type { IncomingMessage } from 'node:http';
import { dialectOfComponents, dialectOfPing, dockerDialect, type Dialect } from '../dialect.ts';
import { callName, pathOf, type EndpointName } from '../endpoints.ts';
import { changeName, changingEndpoints, type EngineChange } from '../engine-actions.ts';
import type { EngineError, EngineGreeting } from '../engine.ts';
import type { EngineClock } from '../engine-clock.ts';
import {
  badStatus,
  changeRefused,
  connectionFailed,
  glimpse,
  nonsense,
  timedOut,
  type FailedCall,
} from '../engine-errors.ts';
import { EnginePace } from '../engine-pace.ts';
import type { EngineTarget } from '../engine-url.ts';
import { JsonSieve, type Shape } from '../json/json-sieve.ts';
import type { Sifted } from '../json/kept-text.ts';
import { maxKeptBytes, type KeptShapes } from '../json/kept-shapes.ts';
import type { Parsed } from '../parse.ts';
import { dateSchema } from '../schema.ts';
import { engineMessage, isHtml, parseJson } from './answer-text.ts';
import { negotiate } from './api-version.ts';
import { DeadlineExceeded, readBody, readText, settleBy, withDeadline } from './deadline.ts';
import { componentsOf } from './installation.ts';
import { openModem, type ModemRequest, type SendRequest } from './modem.ts';

/**
 * Makes the calls of one engine: each in the negotiated version of the API, with a deadline by the engine's pace so far,
 * and with errors that say what to do. Answers are sifted while they arrive.
 */
export interface EngineCallsParts {
  readonly endpoint: string;
  readonly target: EngineTarget;
  readonly clock: EngineClock;
  readonly kept: KeptShapes;
}

export interface EngineCallsOptions {
  readonly deadlineMs: number;
  readonly pingDeadlineMs: number;
  /** The ssh command for ssh:// engines. */
  readonly ssh: readonly [string, ...string[]];
}

export interface EngineCall {
  readonly name: EndpointName;
  /** What the path asks for; text from outside. */
  readonly id?: string;
  readonly query?: Readonly<Record<string, string>>;
}

export interface ChangeCall {
  readonly change: EngineChange;
  /** What the path asks for; text from outside. */
  readonly id: string;
  /** Made when the version and the dialect are known. */
  readonly body?: () => object;
  readonly signal?: AbortSignal | undefined;
}

interface SiftOptions {
  readonly mayBeMissing?: boolean;
}

/** The longest stop timeout of a container that a stop is waited for. */
const changeDeadlineMs = 600_000;
/** The limit of answers that hold no containers: pings and errors. */
const maxAnswerBytes = 1024 * 1024;
/** What is kept of a list at most: 10,000 tasks of a Swarm are 10 MB. An engine gone wrong may send one without an end. */
const maxListMib = 256;
/** What an element costs beside its text. */
const elementBytes = 256;

export class EngineCalls {
  readonly #with: EngineCallsParts;
  readonly #options: EngineCallsOptions;
  readonly #pace = new EnginePace();
  #modem: Promise<SendRequest> | undefined;
  #apiVersion: string | undefined;
  #dialect = dockerDialect;

  constructor(parts: EngineCallsParts, options: EngineCallsOptions) {
    this.#with = parts;
    this.#options = options;
  }

  /** Docker's until the engine has told. */
  get dialect(): Dialect {
    return this.#dialect;
  }

  /** Undefined until the engine has told. */
  get apiVersion(): string | undefined {
    return this.#apiVersion;
  }

  async ping(signal?: AbortSignal): Promise<EngineGreeting> {
    const call = { name: 'ping' } as const;
    const { response, text = '' } = await this.#answer(call, this.#options.pingDeadlineMs, signal);
    if (response.statusCode !== 200) throw this.#statusError(call, response, text);
    const offered = response.headers['api-version'];
    const apiVersion = typeof offered === 'string' ? negotiate(offered) : undefined;
    if (apiVersion === undefined) throw nonsense(this.#failed(call), `${glimpse(text)} and no Api-Version`);
    this.#apiVersion = apiVersion;
    this.#dialect = dialectOfPing(response.headers) ?? (await this.#dialectOfVersion(signal));
    return { apiVersion, dialect: this.#dialect };
  }

  /** Hands out each element of a list as it arrives. False only where what is asked for may be missing, and is. */
  async list(
    call: EngineCall,
    kept: Shape,
    onElement: (element: Sifted) => void,
    signal?: AbortSignal,
    options?: SiftOptions,
  ): Promise<boolean> {
    let bytes = 0;
    const sieve = new JsonSieve(kept, {
      maxBytes: maxKeptBytes,
      onElement: (element) => {
        bytes += elementBytes + (element.kind === 'text' ? element.text : element.head).length;
        if (bytes > maxListMib * 2 ** 20) throw nonsense(this.#failed(call), `a list of more than ${maxListMib} MiB`);
        onElement(element);
      },
    });
    if (!(await this.#sift(call, sieve, signal, options))) return false;
    const { isDone } = sieve;
    const rest = sieve.finish();
    const other = rest.kind === 'text' ? rest.text : rest.head;
    if (other !== '') throw nonsense(this.#failed(call), `${glimpse(other)}, not a list`);
    if (!isDone) throw nonsense(this.#failed(call), 'a list without an end');
    return true;
  }

  /** Undefined only where what is asked for may be missing, and is. */
  async json(
    call: EngineCall,
    kept: Shape,
    signal?: AbortSignal,
    options?: SiftOptions,
  ): Promise<Parsed<unknown> | undefined> {
    const sieve = new JsonSieve(kept, { maxBytes: maxKeptBytes });
    if (!(await this.#sift(call, sieve, signal, options))) return undefined;
    const sifted = sieve.finish();
    if (sifted.kind === 'too-large') return { ok: false, why: tooLarge };
    const json = parseJson(sifted.text);
    if (!json.ok) throw nonsense(this.#failed(call), `${glimpse(sifted.text)}, ${json.why}`);
    return json;
  }

  /** Asks the engine to change something. Only `DockerodeActions` may call this: it knows what is allowed. */
  async change({ change, id, body, signal: outer }: ChangeCall): Promise<void> {
    if (this.#apiVersion === undefined) await this.ping(outer);
    const failed = { endpoint: this.#with.endpoint, target: this.#with.target, call: changeName(change) };
    const path = changingEndpoints[change].path.replace('{id}', () => encodeURIComponent(id));
    try {
      await withDeadline(changeDeadlineMs, outer, async (signal) => {
        const response = await settleBy(signal, this.#send({ method: 'POST', path, body: body?.(), signal }));
        const text = await readText(response, signal, maxAnswerBytes);
        const status = response.statusCode ?? 0;
        // 304: all is as wanted already.
        if (status === 304 || (status >= 200 && status < 300)) return;
        throw changeRefused(failed, status, engineMessage(text), text);
      });
    } catch (error) {
      throw error instanceof DeadlineExceeded ? timedOut(failed, changeDeadlineMs) : connectionFailed(failed, error);
    }
  }

  /** What the engine says of itself; undefined where it has no such call. */
  async about(name: 'version' | 'info', signal: AbortSignal | undefined): Promise<unknown> {
    const answer = await this.json({ name }, this.#with.kept[name], signal, { mayBeMissing: true });
    return answer?.ok ? answer.value : undefined;
  }

  /** Opens a body without an end, which lasts until `signal` fires: the deadline covers only the headers. */
  async open(call: EngineCall, signal: AbortSignal): Promise<IncomingMessage> {
    const stream = new AbortController();
    const abort = (): void => stream.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const response = await this.#guarded(call, this.#options.deadlineMs, signal, async (deadline) => {
        const opened = await settleBy(deadline, this.#dial(call, stream.signal));
        if (opened.statusCode === 200 && !isHtml(opened)) return opened;
        throw this.#statusError(call, opened, await readText(opened, deadline, maxAnswerBytes));
      });
      response.once('close', () => signal.removeEventListener('abort', abort));
      return response;
    } catch (error) {
      signal.removeEventListener('abort', abort);
      stream.abort(error);
      throw error;
    }
  }

  /**
   * A proxy may answer pings itself, or without the engine's headers, and it may forbid or swallow this call, too: what is
   * known already stays then.
   */
  async #dialectOfVersion(signal?: AbortSignal): Promise<Dialect> {
    try {
      const version = await this.about('version', signal);
      return version === undefined ? this.#dialect : dialectOfComponents(componentsOf(version));
    } catch (error) {
      if (signal?.aborted) throw error;
      return this.#dialect;
    }
  }

  /**
   * Puts the body of an answer through `sieve`. Resolves to false only where what is asked for may be missing, and an
   * engine's own message says so: the 404 page of a proxy does not mean that a container is gone.
   */
  async #sift(
    call: EngineCall,
    sieve: JsonSieve,
    signal?: AbortSignal,
    { mayBeMissing = false }: SiftOptions = {},
  ): Promise<boolean> {
    if (this.#apiVersion === undefined) await this.ping(signal);
    const { response, text } = await this.#answer(call, this.#options.deadlineMs, signal, sieve);
    if (text === undefined) return true;
    const said = engineMessage(text);
    if (mayBeMissing && said !== undefined && this.#dialect.isMissing(response.statusCode ?? 0, said)) return false;
    throw this.#statusError(call, response, text);
  }

  /** `text` is that of an answer that was not put through `sieve`, since its status is not 200. */
  #answer(
    call: EngineCall,
    deadlineMs: number,
    signal: AbortSignal | undefined,
    sieve?: JsonSieve,
  ): Promise<{ readonly response: IncomingMessage; readonly text: string | undefined }> {
    return this.#guarded(call, deadlineMs, signal, async (deadline, alive) => {
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
    call: EngineCall,
    leastMs: number,
    signal: AbortSignal | undefined,
    task: (deadline: AbortSignal, alive: () => void) => Promise<T>,
  ): Promise<T> {
    const failed = this.#failed(call);
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

  #dial({ name, id, query }: EngineCall, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#send({ method: 'GET', path: pathOf(name, id), query, signal });
  }

  /** The path is one without a version. */
  async #send({ path, ...request }: ModemRequest): Promise<IncomingMessage> {
    const send = await (this.#modem ??= this.#openModem());
    request.signal.throwIfAborted();
    const version = path === pathOf('ping') || this.#apiVersion === undefined ? '' : `/v${this.#apiVersion}`;
    const askedMs = Date.now();
    const response = await send({ path: `${version}${path}`, ...request });
    const date = dateSchema.safeParse(response.headers.date);
    if (date.success) this.#with.clock.answered(date.data, askedMs, Date.now());
    return response;
  }

  async #openModem(): Promise<SendRequest> {
    try {
      return await openModem(this.#with.target, { ssh: this.#options.ssh });
    } catch (error) {
      // The next call opens the modem again, since a certificate may have been corrected by then.
      this.#modem = undefined;
      throw error;
    }
  }

  #statusError(call: EngineCall, response: IncomingMessage, text: string): EngineError {
    const said = engineMessage(text);
    // "client version 1.52 is too new" or "too old" means that another engine has the address: negotiate again.
    if (response.statusCode === 400 && /client version/i.test(said ?? '')) this.#apiVersion = undefined;
    return badStatus(this.#failed(call), response.statusCode ?? 0, said, text);
  }

  #failed({ name }: EngineCall): FailedCall {
    const { endpoint, target } = this.#with;
    return { endpoint, target, call: callName(name) };
  }
}

/** Why an answer, or an element of a list, is not read. */
export const tooLarge = 'its labels for Sealane have more than 1 MiB, or what is read of it more than 8 MiB';
