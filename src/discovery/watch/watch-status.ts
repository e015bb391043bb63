import type { Engine } from '../../docker/engine.ts';
import type { EngineStatus } from '../../docker/engine-status.ts';
import type { LogFields, Logger } from '../../telemetry/logger.ts';
import { formatDuration } from '../../text/duration.ts';
import { printable } from '../../text/printable.ts';

/**
 * Owns the status of the engine, and logs it together with failures of single calls. A failure is logged again only if
 * its subject has succeeded since, or fails for another reason.
 */
export class WatchStatus {
  readonly #logger: Logger;
  readonly #engine: Pick<Engine, 'endpoint'>;
  readonly #onChange: () => void;
  /** The last logged failure of each subject. */
  readonly #logged = new Map<string, string>();
  #status: EngineStatus = { kind: 'connecting' };
  #slow: string | undefined;
  /** The status, with what is slow. */
  #now: EngineStatus = this.#status;

  /** `onChange` is called when the status changed. */
  constructor(logger: Logger, engine: Pick<Engine, 'endpoint'>, onChange: () => void) {
    this.#logger = logger;
    this.#engine = engine;
    this.#onChange = onChange;
  }

  get now(): EngineStatus {
    return this.#now;
  }

  /** The event stream is open, and the list was read. */
  connected(apiVersion: string): void {
    if (this.#status.kind === 'connected' && this.#status.apiVersion === apiVersion) return;
    this.#logged.delete(engineSubject);
    this.#logger.info(
      { event: 'engine-connected', apiVersion },
      `watching the engine at ${printable(this.#engine.endpoint)}`,
    );
    this.#set({ kind: 'connected', apiVersion });
  }

  /** The engine has not answered a call for a while. */
  waiting(call: string, waitedMs: number): void {
    const waited = formatDuration(waitedMs);
    const line = `the engine at ${printable(this.#engine.endpoint)} has not answered ${call} for ${waited} yet`;
    this.#logger.warn({ event: 'engine-slow', call, waitedMs: Math.round(waitedMs) }, `${line}: waiting for it`);
    this.#setSlow(`answers slowly: ${call} has had no answer for ${waited} yet`);
  }

  /** The engine answered a call after a while. */
  slow(call: string, tookMs: number): void {
    this.#setSlow(`answers slowly: ${call} took ${formatDuration(tookMs)}`);
  }

  prompt(): void {
    this.#setSlow(undefined);
  }

  /** The engine can't be reached, or its list can't be read. */
  unreachable(message: string): void {
    const reason = printable(message, 800);
    const isFirst = this.#status.kind === 'connecting';
    if ('reason' in this.#status && this.#status.reason === reason) return;
    const then = isFirst ? 'waiting for it' : 'keeping what is known meanwhile';
    this.#warn(engineSubject, { event: 'engine-unreachable', reason }, `${reason}; ${then}`);
    // What was slow before is told by the reason, if it matters.
    this.#slow = undefined;
    this.#set(isFirst ? { kind: 'connecting', reason } : { kind: 'disconnected', reason });
  }

  /** Events were lost, so the full list of containers is read again. */
  eventsLost(message: string): void {
    const reason = printable(message, 400);
    const line = `${reason}: reading the full list of containers again`;
    this.#warn('events', { event: 'engine-events-lost', reason }, line);
  }

  /** The inspect of a container failed; it is tried again. */
  containerUnreadable(containerId: string, message: string): void {
    const reason = printable(message, 400);
    const line = `container ${printable(containerId.slice(0, 12))}: ${reason}`;
    this.#warn(containerId, { event: 'container-unreadable', containerId: printable(containerId), reason }, line);
  }

  containerRead(containerId: string): void {
    this.#logged.delete(containerId);
  }

  /** Sealane's vantage could not be determined, or not as the settings say. */
  vantageUnclear(message: string): void {
    const reason = printable(message, 400);
    this.#warn('vantage', { event: 'vantage-unclear', reason }, reason);
  }

  #warn(subject: string, fields: LogFields, line: string): void {
    if (this.#logged.get(subject) === line) return;
    this.#logged.set(subject, line);
    this.#logger.warn(fields, line);
  }

  #setSlow(slow: string | undefined): void {
    this.#slow = slow;
    const { kind } = this.#status;
    if (kind === 'connecting' || kind === 'connected') this.#set(this.#status);
  }

  #set(status: EngineStatus): void {
    this.#status = status;
    this.#now = withSlow(status, this.#slow);
    this.#onChange();
  }
}

/** Why an engine is out of reach matters more than what it is slow at, so a status never has both. */
function withSlow(status: EngineStatus, slow: string | undefined): EngineStatus {
  if (slow === undefined || ('reason' in status && status.reason !== undefined)) return status;
  return status.kind === 'disconnected' ? status : { ...status, slow };
}

/** The subject of the engine as a whole. No container has such an id: ids are hexadecimal. */
const engineSubject = 'engine';
