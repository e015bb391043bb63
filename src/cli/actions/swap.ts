import { randomUUID } from 'node:crypto';
import { isLoopback } from '../../address/address.ts';
import type { ApiAskedSwap } from '../../admin/stand-ins/schema.ts';
import { ConfigError } from '../../config/config-error.ts';
import { formatDuration } from '../../text/duration.ts';
import { printable } from '../../text/printable.ts';
import { createClient, type AdminClient } from '../client/client.ts';
import { readEndpoint, type AdminEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import { untilInterrupted } from '../stop-signals.ts';
import { askedOf, fullName, say, type SwapOptions } from '../swap/asked.ts';
import { keepLease } from '../swap/lease.ts';
import { runSwapped } from '../swap/run-swapped.ts';

/**
 * `sealane swap SERVICE HOST:PORT [-- COMMAND …]`: sends new sessions of a service to a process on this machine, until
 * this command ends.
 */
export async function swap(service: string, flags: EndpointFlags, options: SwapOptions): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  if (options.back) return giveBack(client, service, options);
  checkNearness(client.endpoint, options);
  const [program, ...args] = options.command;
  if (program !== undefined) return runSwapped(client, service, { ...options, flags, command: [program, ...args] });
  const { address } = options;
  if (!address) throw new ConfigError('name the HOST:PORT of the process, or a command after --');
  const asked = askedOf(address, options);
  if (options.forMs !== undefined) return swapFor(client, service, asked, { ...options, forMs: options.forMs });
  const interrupted = untilInterrupted();
  const lease = await keepLease(client, { service, asked }, say);
  const stopped = new Promise<undefined>((resolve) => interrupted.addEventListener('abort', () => resolve(undefined)));
  const lost = await Promise.race([lease.lost, stopped]);
  if (lost !== undefined) {
    say(lost);
    return 1;
  }
  say((await lease.giveBack()).text);
  return 0;
}

/** Of a Sealane on another machine, `localhost` would be that machine. */
function checkNearness({ to, shown }: AdminEndpoint, { address, command }: SwapOptions): void {
  const isNear = 'socketPath' in to || isLoopback(to.host) || to.host === 'localhost';
  const isHere = address ? address.host === 'localhost' || isLoopback(address.host) : command.length > 0;
  if (isNear || !isHere) return;
  throw new ConfigError(
    `the Sealane at ${shown} may be on another machine: name the address by which it reaches this one, as HOST:PORT`,
  );
}

async function swapFor(
  client: AdminClient,
  service: string,
  asked: ApiAskedSwap,
  { forMs, json }: { readonly forMs: number; readonly json: boolean },
): Promise<number> {
  const taken = await client.swap(service, randomUUID(), { ...asked, leaseMs: forMs });
  if (json) process.stdout.write(`${JSON.stringify(taken, undefined, 2)}\n`);
  else {
    const name = printable(taken.service);
    process.stdout.write(
      `${name} is ${printable(taken.text, 400)}, for ${formatDuration(forMs)}; to give it back before: sealane swap ${name} --back\n`,
    );
  }
  return 0;
}

/** Ends the swap of the service that serves, whose owner it may be. */
async function giveBack(client: AdminClient, service: string, { json }: SwapOptions): Promise<number> {
  const name = await fullName(client, service);
  const { standIns } = await client.requireService(name);
  const [serving] = standIns;
  if (!serving) throw new ConfigError(`${printable(name)} is not swapped`);
  const ended = await client.giveBack(name, serving.id);
  const next = standIns[1];
  const now = next ? `; now the stand-in ${next.address} of ${next.owner} serves` : '';
  process.stdout.write(
    json
      ? `${JSON.stringify(ended, undefined, 2)}\n`
      : `${printable(name)} is given back by ${printable(`${ended.owner} (${ended.address})${now}`, 400)}\n`,
  );
  return 0;
}
