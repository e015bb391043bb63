import { noUsualSocket } from '../engine-errors.ts';
import { EngineError } from '../engine.ts';
import type { EngineAddress } from '../engine-url.ts';

/** An address that did not answer, and why. */
export interface Tried {
  readonly address: EngineAddress;
  readonly error: EngineError;
}

/**
 * The error for usual sockets of which none answers, in one line: first why those that are there do not answer, then
 * which are not there. `home` is shown as ~. Pure.
 */
export function nothingAnswers(tried: readonly Tried[], home: string): EngineError {
  const absent = tried.filter(({ error }) => isAbsent(error)).map(({ address }) => shortened(address, home));
  const present = tried.filter(({ error }) => !isAbsent(error)).map(({ error }) => error);
  const [first] = present;
  if (!first) return new EngineError('unreachable', noUsualSocket(absent));
  // An engine that can't work as it is set up is worth more than one that may come later.
  const worst = present.find(({ kind }) => kind === 'permission' || kind === 'nonsense') ?? first;
  const others = absent.length === 0 ? [] : [`there is no socket at ${absent.join(', ')}`];
  const message = [...present.map((error) => error.message), ...others].join('; ');
  return new EngineError(worst.kind, message, { cause: first.cause, forbidden: worst.forbidden });
}

function isAbsent({ cause }: EngineError): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');
}

function shortened({ url, target }: EngineAddress, home: string): string {
  if (target.kind !== 'socket') return url;
  return target.path.startsWith(`${home}/`) ? `~${target.path.slice(home.length)}` : target.path;
}
