/**
 * Shows on a terminal what the command waits for, once the wait exceeds a second; the line is erased afterwards.
 */
const patienceMs = 1_000;

export async function withProgress<T>(
  what: string,
  wait: Promise<T>,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<T> {
  if (!stream.isTTY) return wait;
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.floor((performance.now() - startedAt) / 1000);
    stream.write(`\r\u001b[K${what} … ${seconds} s`);
  }, patienceMs);
  try {
    return await wait;
  } finally {
    clearInterval(timer);
    if (performance.now() - startedAt >= patienceMs) stream.write('\r\u001b[K');
  }
}
