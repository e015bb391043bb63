import type { Socket } from 'node:net';
import { closedUnanswered, endIsSureAfterMs, type Preface, type RelayEnd } from '../driver.ts';
import { awaitAnswer, awaitFirstByte } from './answer.ts';
import type { StreamEarlyBytes } from './early-bytes.ts';
import { hasPeer } from './reset-watch.ts';

/**
 * Tries out a connection to a port proxy: the upstream gets what the client sends, and all of it is kept, until the
 * upstream has sent a byte or the time is over. So nothing is lost where the proxy closes the connection, and nothing is
 * delayed where it does not.
 */
export interface StreamTrialEvents {
  onPassed(): void;
  /** The upstream ended the connection without a byte; `wasRead`: it had read all that it was sent by then. */
  onFailed(code: string, wasRead: boolean): void;
  /** The upstream answered the preface with another byte than the expected one, or not in time. */
  onRefused(reason: RelayEnd): void;
}

export interface TrialTerms {
  readonly withinMs: number;
  readonly preface: Preface | undefined;
}

/** Returns a function that stops the trial, from which no event follows then. Nor does one where the upstream fails. */
export function tryOut(
  upstream: Socket,
  earlyBytes: StreamEarlyBytes,
  { withinMs, preface }: TrialTerms,
  events: StreamTrialEvents,
): () => void {
  if (preface) upstream.write(Buffer.from(preface.bytes));
  if (preface?.expect !== undefined) {
    return awaitAnswer(upstream, preface.expect, (answer) => {
      if (answer === 'expected') events.onPassed();
      else if (answer === 'none') events.onFailed(closedUnanswered, false);
      else events.onRefused('upstream-refused-tls');
    });
  }
  let doubt: NodeJS.Timeout | undefined;
  const stop = awaitFirstByte(upstream, withinMs, (hasEnded) => {
    // An end after the client's own may be the whole answer.
    if (!hasEnded || earlyBytes.hasPassedEnd) return events.onPassed();
    if (earlyBytes.isEmpty) return events.onFailed(closedUnanswered, false);
    // Node does not report a reset that follows an end.
    doubt = setTimeout(() => events.onFailed(closedUnanswered, hasPeer(upstream)), endIsSureAfterMs);
  });
  earlyBytes.sendTo(upstream);
  // After the ends of both directions, Node could not tell whether a reset has followed.
  let endSoon: NodeJS.Immediate | undefined;
  const endLater = setTimeout(() => {
    // What the upstream has sent meanwhile is read first, also where this thread was busy.
    endSoon = setImmediate(() => earlyBytes.passEnd());
  }, endIsSureAfterMs);
  return () => {
    clearTimeout(doubt);
    clearTimeout(endLater);
    clearImmediate(endSoon);
    stop();
    earlyBytes.sendTo(undefined);
  };
}
