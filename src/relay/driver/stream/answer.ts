import type { Socket } from 'node:net';

/**
 * Waits for the first byte of an upstream, which stays in the socket. `onOver` says whether the upstream has ended
 * without one; it is not called where the upstream fails first, nor once the returned function was called.
 */
export function awaitFirstByte(upstream: Socket, withinMs: number, onOver: (hasEnded: boolean) => void): () => void {
  let late: NodeJS.Immediate | undefined;
  const stop = (): void => {
    clearTimeout(patience);
    clearImmediate(late);
    upstream.off('end', onEnd);
    upstream.off('readable', onReadable);
  };
  const over = (hasEnded: boolean): void => {
    stop();
    onOver(hasEnded);
  };
  const onEnd = (): void => over(true);
  const onReadable = (): void => {
    if (upstream.readableLength > 0) over(false);
    // Only a read makes a socket without bytes emit its end.
    else upstream.read();
  };
  const patience = setTimeout(() => {
    // Where this thread was busy, Node runs timers before it reads what has arrived meanwhile.
    late = setImmediate(() => over(false));
  }, withinMs);
  upstream.once('close', () => {
    clearTimeout(patience);
    clearImmediate(late);
  });
  upstream.once('end', onEnd);
  upstream.on('readable', onReadable);
  return stop;
}

/**
 * Waits for the one byte with which an upstream must answer a preface; bytes behind it stay in the socket. There is no
 * callback where the upstream fails first.
 */
export function awaitAnswer(upstream: Socket, expected: number, onAnswer: (answer: PrefaceAnswer) => void): () => void {
  return awaitFirstByte(upstream, patienceMs, (hasEnded) => {
    const byte = (upstream.read(1) as Buffer | null)?.[0];
    if (byte === expected) onAnswer('expected');
    else onAnswer(hasEnded ? 'none' : 'other');
  });
}

/** `none`: the upstream ended without a byte. */
export type PrefaceAnswer = 'expected' | 'other' | 'none';

const patienceMs = 10_000;
