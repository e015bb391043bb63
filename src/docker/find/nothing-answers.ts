import { noUsualSocket } from '../engine-errors.ts';
import { EngineError } from '../engine.ts';
import type { EngineAddress } from '../engine-url.ts';

/** An address that did not answer, and why. */
export interface Tried {
  readonly address: EngineAddress;
  readonly error: EngineError;
  /**
   * The folder of the socket may not be opened by this user, as is usual for that of Podman: it does not tell whether an
   * engine is there.
   */
  readonly isHidden: boolean;
}

/**
 * The error for usual sockets of which none answers, in one line: first why those that are there do not answer, then
 * which are not there. `home` is shown as ~. Pure.
 */
export function nothingAnswers(tried: readonly Tried[], home: string): EngineError {
  const absent = tried.filter(isAbsent).map((one) => shortened(one, home));
  const present = tried.filter((one) => !isAbsent(one)).map(({ error }) => error);
  const [first] = present;
  if (!first) return new EngineError('unreachable', noUsualSocket(absent));
  // Waiting does not cure an engine that can't work as it is set up.
  const worst = present.find(({ kind }) => kind === 'permission' || kind === 'nonsense') ?? first;
  const others = absent.length === 0 ? [] : [`there is no socket at ${absent.join(', ')}`];
  const message = [...present.map((error) => error.message), ...others].join('; ');
  return new EngineError(worst.kind, message, { cause: first.cause, forbidden: worst.forbidden });
}

function isAbsent({ error: { cause }, isHidden }: Tried): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  return isHidden || code === 'ENOENT' || code === 'ENOTDIR';
}

function shortened({ address: { url, target }, isHidden }: Tried, home: string): string {
  if (target.kind !== 'socket') return url;
  const path = target.path.startsWith(`${home}/`) ? `~${target.path.slice(home.length)}` : target.path;
  return isHidden ? `${path} (in a folder that this user may not open)` : path;
}
