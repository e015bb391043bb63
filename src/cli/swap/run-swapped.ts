import { setTimeout as delay } from 'node:timers/promises';
import { formatAddress, type Address } from '../../address/address.ts';
import { ConfigError } from '../../config/config-error.ts';
import { messageOf } from '../../text/message-of.ts';
import { printable } from '../../text/printable.ts';
import { askedOf, fullName, say, type SwapOptions } from './asked.ts';
import type { AdminClient } from '../client/client.ts';
import type { EndpointFlags } from '../client/endpoint.ts';
import { startChild, type Child } from './child.ts';
import { environmentFor } from './environment.ts';
import { keepLease, type GivenBack, type KeptLease } from './lease.ts';
import { freePort } from '../../network/free-port.ts';
import { listens, untilListens } from './port-watch.ts';
import { PassedSignals } from './signals.ts';

/**
 * Runs a process that takes a service's place: starts it, waits until it listens, and gives the service back before it
 * ends. Its exit code becomes that of the command.
 *
 *   start ─▶ listens ─▶ swapped ──a signal──▶ given back ─▶ its sessions end ─▶ the signal is passed on ─▶ its exit
 */
interface SwappedProcess extends Omit<SwapOptions, 'command'> {
  readonly command: readonly [string, ...string[]];
  readonly flags: EndpointFlags;
}

/** After so long without a sign the command says what it waits for. */
const patienceMs = 1_000;
/** The sessions of the process have so long to end before a stop signal is passed on to it. */
const lastSessionsMs = 2_000;

export async function runSwapped(client: AdminClient, service: string, options: SwappedProcess): Promise<number> {
  const { command, flags } = options;
  const name = await fullName(client, service);
  const found = await client.requireService(name);
  const address = options.address ?? { host: 'localhost', port: await freePort() };
  if (await listens(address))
    throw new ConfigError(`${formatAddress(address)} is in use; to swap to what listens there, leave the command out`);
  const ofContainer = options.environment ? await environmentFor(found, flags) : {};
  const signals = new PassedSignals();
  const child = await startChild(command, { ...process.env, ...ofContainer, PORT: String(address.port) });
  signals.follow(child);
  if (!(await comesUp(child, command, address))) {
    const code = await child.exited;
    say(`${printable(command.join(' '))} ended with code ${code} before it listened on port ${address.port}`);
    return code;
  }
  let lease: KeptLease;
  try {
    lease = await keepLease(client, { service: name, asked: askedOf(address, options) }, say);
  } catch (error) {
    child.kill('SIGTERM');
    await child.exited;
    throw error;
  }
  // The process goes on for its owner when another ends the swap.
  void lease.lost.then(say, (error: unknown) => say(messageOf(error)));
  const words = printable(command.join(' '));
  const waiting = new AbortController();
  signals.before(async () => {
    const { text } = await giveBack(client, name, lease);
    void delay(patienceMs, undefined, { signal: waiting.signal }).then(
      () => say(`${text}; waiting until ${words} ends`),
      () => undefined,
    );
  });
  signals.stopsWith(lease);
  const code = await child.exited;
  waiting.abort();
  const { text } = await lease.giveBack();
  say(`${words} ended with code ${code}; ${text}`);
  return code;
}

/** False where the process ended before it listened. */
async function comesUp(child: Child, command: readonly string[], address: Address): Promise<boolean> {
  const waiting = setTimeout(() => {
    say(`waiting until ${printable(command.join(' '))} listens on port ${address.port} (it gets PORT=${address.port})`);
  }, patienceMs);
  try {
    return await untilListens(address, child.ended);
  } finally {
    clearTimeout(waiting);
  }
}

/** Gives the service back, and waits for the sessions that the process has. */
async function giveBack(client: AdminClient, service: string, lease: KeptLease): Promise<GivenBack> {
  const back = await lease.giveBack();
  const deadline = AbortSignal.timeout(lastSessionsMs);
  let left = back.sessions;
  while (left > 0 && !deadline.aborted) {
    await delay(50);
    const now = await client.service(service).catch(() => undefined);
    const draining = now?.upstreams.filter(({ key, state }) => key.startsWith('stand-in/') && state === 'draining');
    left = draining?.reduce((sum, { traffic }) => sum + traffic.active, 0) ?? 0;
  }
  return back;
}
