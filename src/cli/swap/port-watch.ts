import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from '../../address/address.ts';

const pollMs = 50;
const dialMs = 1_000;

/** Resolves once a process listens on the port; false when `signal` aborts before. */
export async function untilListens(address: Address, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await listens(address)) return true;
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** Whether a process listens there: of `localhost`, on any address of this machine. */
export async function listens({ host, port }: Address): Promise<boolean> {
  const hosts = host === 'localhost' ? ownAddresses() : [host];
  const answers = await Promise.all(hosts.map((one) => accepts({ host: one, port })));
  return answers.includes(true);
}

/** A process may listen on one address only, such as that of a bridge where containers reach it. */
function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  // A link-local address needs the name of its interface.
  return all.filter(({ address }) => !address.startsWith('fe80:')).map(({ address }) => address);
}

async function accepts(address: Address): Promise<boolean> {
  const socket = connect(address);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(dialMs) });
    return true;
  } catch {
    return false;
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}
