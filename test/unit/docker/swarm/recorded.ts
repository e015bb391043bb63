import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The answers of a real Swarm of two nodes (engine 20.10), but for certificates. Its services: `shop_web` of the stack
 * `shop`, with labels of both kinds, a host port and a HEALTHCHECK; the global `glob`; `slow`, in an update; `stuck`, whose
 * constraint no node meets; `missing`, whose image none has; `plain`, on no network; `hc`, whose image has a HEALTHCHECK.
 */
export async function recorded(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, 'recorded', `${name}.json`), 'utf8');
}
