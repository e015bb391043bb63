/**
 * Tells a person at a terminal what is waited for, once it takes longer than a second; afterwards nothing is left of it.
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
