import type { z } from 'zod';
import { messageOf } from '../../text/message-of.ts';
import { EngineError, type EngineInstallation } from '../engine.ts';
import { infoSchema, versionSchema } from '../schema.ts';

/**
 * Reads the kind of installation: from `/info`, where every engine says whether it is rootless; from `/version`, which
 * recent rootless Docker names its parts in, where a proxy forbids `/info`. Only one of them is asked where that tells: a
 * call takes Podman a second on Debian, where it looks up the packages of its programs.
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
    const [info] = await Promise.allSettled([this.#ask('info', signal)]);
    const told = infoSchema.safeParse(info.status === 'fulfilled' ? info.value : undefined).data;
    const tellsKind = Array.isArray(told?.SecurityOptions) || typeof told?.Rootless === 'boolean';
    if (tellsKind && told?.KernelVersion)
      return { installation: installationOf(told.OperatingSystem, told.KernelVersion, isRootless(told)) };
    const [version] = await Promise.allSettled([this.#ask('version', signal)]);
    const value = version.status === 'fulfilled' ? version.value : undefined;
    const other = versionSchema.safeParse(value).data;
    const rootless = isRootless(told) || componentsOf(value).includes('rootlesskit');
    const installation = installationOf(other?.Platform?.Name, told?.KernelVersion ?? other?.KernelVersion, rootless);
    return rootless ? { installation } : { installation, failure: failureOf(info) ?? failureOf(version) };
  }
}

function installationOf(
  platform: string | null | undefined,
  kernel: string | null | undefined,
  rootless: boolean,
): EngineInstallation {
  return { platform: platform ?? '', ...(kernel && { kernel }), rootless };
}

export type AskInstallation = (name: 'version' | 'info', signal: AbortSignal | undefined) => Promise<unknown>;

interface Answers {
  readonly installation: EngineInstallation;
  /** Why the engine may be of another kind than it told. */
  readonly failure?: Error | undefined;
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

function isRootless(info: z.infer<typeof infoSchema> | undefined): boolean {
  const isRootlessDocker = (info?.SecurityOptions ?? []).some((option) => /^name=rootless\b/.test(option));
  return info?.Rootless === true || isRootlessDocker;
}

/** The names of the components in an answer to /version. */
export function componentsOf(version: unknown): readonly string[] {
  return (versionSchema.safeParse(version).data?.Components ?? []).map(({ Name }) => Name ?? '');
}
