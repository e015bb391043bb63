import type { Socket } from 'node:net';

/**
 * Waits for the one byte with which an upstream must answer a preface; bytes behind it stay in the socket. There is no
 * callback where the upstream fails first.
 */
const patienceMs = 10_000;

export function awaitAnswer(upstream: Socket, expected: number, onAnswer: (isExpected: boolean) => void): void {
  const settle = (isExpected: boolean): void => {
    clearTimeout(patience);
    upstream.off('end', onEnd);
    upstream.off('readable', onReadable);
    onAnswer(isExpected);
  };
  const onEnd = (): void => settle(false);
  const onReadable = (): void => {
    const byte = (upstream.read(1) as Buffer | null)?.[0];
    if (byte !== undefined) settle(byte === expected);
  };
  const patience = setTimeout(onEnd, patienceMs);
  upstream.once('close', () => clearTimeout(patience));
  upstream.once('end', onEnd);
  upstream.on('readable', onReadable);
}
