import { setTimeout as sleep } from 'node:timers/promises';
import { startSealane, type Sealane } from '../sealane/sealane.ts';
import { freePort } from '../sockets/free-port.ts';

/** A Sealane with its admin port and the URL of its dashboard. */
export interface Served extends AsyncDisposable {
  readonly sealane: Sealane;
  readonly admin: number;
  readonly url: string;
}

/** Starts a Sealane. Resolves once the admin port answers. `admin`: the admin port. Default: a free port. */
export async function serveDashboard(args: readonly string[], admin?: number): Promise<Served> {
  const port = admin ?? (await freePort());
  const sealane = startSealane('--admin', `127.0.0.1:${port}`, '--bind', '127.0.0.1', ...args);
  const url = `http://127.0.0.1:${port}/`;
  while (!(await answers(`${url}healthz`))) {
    if (sealane.process.exitCode !== null) throw new Error('Sealane has exited');
    await sleep(20);
  }
  return { sealane, admin: port, url, [Symbol.asyncDispose]: () => sealane[Symbol.asyncDispose]() };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * The text of a configuration file with these services: each with its listen address and the ports of its upstreams,
 * the options of all services, and those that only one has.
 */
export function servicesFile(
  services: Readonly<Record<string, readonly [listen: number | string, ...upstreams: number[]]>>,
  options: Readonly<Record<string, string>> = {},
  own: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): string {
  const entries = Object.entries(services).map(([name, [listen, ...ports]]) => {
    const upstreams = ports.map((port) => `127.0.0.1:${port}`);
    return [name, { ...options, ...own[name], listen: String(listen), upstreams }];
  });
  // JSON is valid YAML.
  return JSON.stringify({ services: Object.fromEntries(entries) });
}
