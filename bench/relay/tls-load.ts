import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output } from './processes.ts';

/**
 * Clients whose TLS is ended by what is measured, in C, so that they cost no more than it does; and the certificate that
 * they are shown, the same by all.
 */
export interface Certificate {
  /** PEM: the certificate, and behind it its key. */
  readonly both: string;
}

export async function makeCertificate(folder: string): Promise<Certificate> {
  const [both, key] = [join(folder, 'bench.pem'), join(folder, 'bench.key')];
  await output('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', both],
  ]);
  await appendFile(both, await readFile(key));
  return { both };
}

/** How many: each a whole handshake, a request and its answer. s_time makes one after the other. */
export async function connectionsOverTls(port: number, clients: number, seconds: number): Promise<number> {
  const args = ['s_time', '-connect', `127.0.0.1:${port}`, '-new', '-www', '/', '-time', String(seconds)];
  const texts = await Promise.all(Array.from({ length: clients }, () => output('openssl', args)));
  return texts.reduce((sum, text) => sum + Number(/(\d+) connections in \d+ real seconds/.exec(text)?.[1] ?? 0), 0);
}

/** How many bytes came. */
export async function bulkOverTls(port: number, seconds: number): Promise<number> {
  const args = ['--insecure', '--silent', '--output', '/dev/null', '--write-out', '%{size_download}'];
  const timed = [...args, '--max-time', String(seconds), `https://127.0.0.1:${port}/`];
  // It ends when its time is up, and calls that a failure (28).
  return Number(await output('sh', ['-c', 'curl "$@" || [ $? = 28 ]', 'curl', ...timed]));
}
