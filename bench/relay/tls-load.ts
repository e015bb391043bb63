import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output } from './processes.ts';

/**
 * Clients for proxies that terminate TLS, and the certificate that all proxies present. The clients are programs in C,
 * so that they cost no more CPU than the proxy.
 */

/** Resolves with the path of a PEM file with the certificate, followed by its key. */
export async function makeCertificate(folder: string): Promise<string> {
  const [both, key] = [join(folder, 'bench.pem'), join(folder, 'bench.key')];
  await output('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', both],
  ]);
  await appendFile(both, await readFile(key));
  return both;
}

/** The number of connections, each with a full handshake, a request and its answer. s_time opens them one by one. */
export async function connectionsOverTls(port: number, clients: number, seconds: number): Promise<number> {
  const args = ['s_time', '-connect', `127.0.0.1:${port}`, '-new', '-www', '/', '-time', String(seconds)];
  const texts = await Promise.all(Array.from({ length: clients }, () => output('openssl', args)));
  return texts.reduce((sum, text) => sum + Number(/(\d+) connections in \d+ real seconds/.exec(text)?.[1] ?? 0), 0);
}

/** The number of bytes that arrived. */
export async function bulkOverTls(port: number, seconds: number): Promise<number> {
  const args = ['--insecure', '--silent', '--output', '/dev/null', '--write-out', '%{size_download}'];
  const timed = [...args, '--max-time', String(seconds), `https://127.0.0.1:${port}/`];
  // curl ends when its time is up, with exit code 28 (timeout).
  return Number(await output('sh', ['-c', 'curl "$@" || [ $? = 28 ]', 'curl', ...timed]));
}
