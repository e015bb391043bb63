import { hostname, userInfo } from 'node:os';
import { formatAddress, type Address } from '../../address/address.ts';
import type { ApiAskedSwap } from '../../admin/stand-ins/schema.ts';
import { serviceMeant } from '../../catalog/swap/service-meant.ts';
import { printable } from '../../text/printable.ts';
import type { AdminClient } from '../client/client.ts';

/**
 * What the user asks of a swap, and what the API is asked for.
 */
export interface SwapOptions {
  /** Undefined where the command gets a free port, and with `--back`. */
  readonly address: Address | undefined;
  readonly percent: number;
  readonly strict: boolean;
  readonly drain: boolean;
  /** The time of a swap that no command renews. */
  readonly forMs: number | undefined;
  readonly environment: boolean;
  readonly back: boolean;
  readonly command: readonly string[];
  readonly json: boolean;
}

export function say(line: string): void {
  process.stderr.write(`sealane: ${line}\n`);
}

export function askedOf(address: Address, { percent, strict, drain }: SwapOptions): ApiAskedSwap {
  return { address: formatAddress(address), owner: owner(), percent, strict, drain };
}

function owner(): string {
  return printable(`${userInfo().username}@${hostname()}`, 100);
}

/** The service that is meant, or the name as it is where the API has to say what is wrong with it. */
export async function fullName(client: AdminClient, service: string): Promise<string> {
  const { services } = await client.services();
  const meant = serviceMeant(
    service,
    services.map(({ name }) => name),
  );
  return typeof meant === 'string' ? meant : service;
}
