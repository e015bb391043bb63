import { messageOf } from '../../text/message-of.ts';
import { EngineError, type EngineInstallation } from '../engine.ts';
import { infoSchema, versionSchema } from '../schema.ts';

/**
 * Reads the kind of installation from two calls, since neither tells all: /version has the platform and the kernel. Only
 * recent versions of Docker say in /version that they are rootless; Podman never does, and rootless Docker 26 to 28 may
 * close the connection instead.
 *
 * A refusal means that the engine does not tell. Any other failure may be a busy engine's: the call rejects, to be made
 * again. Until it has told, no container is dialed, since the addresses of a rootless engine's containers are others'
 * on this machine. An engine or a proxy that never answers may not be kept out for ever: after a few failures in a row
 * it counts as one that does not tell, with the reason.
 */
export class InstallationReader {
  readonly #ask: AskInstallation;
  #failures = 0;
  #hasTold = false;

  constructor(ask: AskInstallation) {
    this.#ask = ask;
  }

  async read(signal?: AbortSignal): Promise<EngineInstallation> {
    const { installation, failure } = await this.#readOnce(signal);
    signal?.throwIfAborted();
    if (failure === undefined) {
      this.#failures = 0;
      this.#hasTold = true;
      return installation;
    }
    this.#failures += 1;
    // What it told before is still known to the caller, and better than nothing.
    if (this.#hasTold || this.#failures < mostFailures) throw failure;
    return { ...installation, unanswered: messageOf(failure) };
  }

  async #readOnce(signal: AbortSignal | undefined): Promise<Answers> {
    const [version] = await Promise.allSettled([this.#ask('version', signal)]);
    const value = version.status === 'fulfilled' ? version.value : undefined;
    const told = versionSchema.safeParse(value).data;
    const kernel = told?.KernelVersion;
    const installation = { platform: told?.Platform?.Name ?? '', ...(kernel && { kernel }) };
    if (componentsOf(value).includes('rootlesskit'))
      return { installation: { ...installation, rootless: true }, failure: undefined };
    const [info] = await Promise.allSettled([this.#ask('info', signal)]);
    const rootless = info.status === 'fulfilled' && isRootless(info.value);
    const failure = rootless ? undefined : (failureOf(info) ?? failureOf(version));
    return { installation: { ...installation, rootless }, failure };
  }
}

export type AskInstallation = (name: 'version' | 'info', signal: AbortSignal | undefined) => Promise<unknown>;

interface Answers {
  readonly installation: EngineInstallation;
  /** Why the engine may be of another kind than it told. */
  readonly failure: Error | undefined;
}

/** With the deadlines of calls that are not answered, which double, these are 70 s; at once where a proxy cuts them off. */
const mostFailures = 3;

/** Why a call failed; undefined where it did not, or was refused. */
function failureOf(call: PromiseSettledResult<unknown>): Error | undefined {
  if (call.status === 'fulfilled') return undefined;
  const reason: unknown = call.reason;
  if (reason instanceof EngineError && reason.forbidden) return undefined;
  return reason instanceof Error ? reason : new Error(messageOf(reason), { cause: reason });
}

function isRootless(info: unknown): boolean {
  const { data } = infoSchema.safeParse(info);
  const isRootlessDocker = (data?.SecurityOptions ?? []).some((option) => /^name=rootless\b/.test(option));
  return data?.Rootless === true || isRootlessDocker;
}

/** The names of the components in an answer to /version. */
export function componentsOf(version: unknown): readonly string[] {
  return (versionSchema.safeParse(version).data?.Components ?? []).map(({ Name }) => Name ?? '');
}
