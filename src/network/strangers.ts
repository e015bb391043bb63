import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { numberOf } from '../address/number-of.ts';
import type { AddressProof } from '../address/proof.ts';

/**
 * Tells by the kernel's tables whether an address that has just answered is another container's. What they say holds for
 * the connection that was made before: a container has no address twice within so short a time. What they don't say is
 * no proof, and counts as another's.
 */
interface ProvedAddress {
  readonly host: string;
  /** Undefined where the engine tells of ends in time. */
  readonly proof?: AddressProof | undefined;
}

/** Reads a file's text; undefined where it can't be read. */
type ReadText = (path: string) => string | undefined;

/** False where the engine is to be asked. */
export function isStranger({ host, proof }: ProvedAddress, readText: ReadText = textOf): boolean {
  switch (proof?.kind) {
    case undefined:
    case 'engine':
      return false;
    case 'process':
      return !existsSync(`/proc/${proof.pid}`);
    case 'namespace':
      return !hasAddress(proof.pid, host, readText);
    case 'card':
      // A container may share Sealane's own network namespace, whose addresses have no card.
      return cardOf(host, readText) !== proof.hardware && !hasAddress('self', host, readText);
  }
}

/** Whether the network namespace of a process has the address (fib_trie_seq_show() in net/ipv4/fib_trie.c, if6_seq_show()). */
function hasAddress(process: number | 'self', host: string, readText: ReadText): boolean {
  if (isIPv6(host)) {
    const digits = numberOf(host).toString(16).padStart(32, '0');
    return readText(`/proc/${process}/net/if_inet6`)?.includes(digits) ?? false;
  }
  const text = readText(`/proc/${process}/net/fib_trie`) ?? '';
  const at = text.indexOf(`|-- ${host}\n`);
  return at !== -1 && /^[^\n]*(?:\n\s+\/[^\n]*)*?\n\s+\/32 host LOCAL\n/.test(text.slice(at));
}

/** The card that the table of neighbours (/proc/net/arp, proc(5)) has for the address. The table has IPv4 alone. */
function cardOf(host: string, readText: ReadText): string | undefined {
  const text = readText('/proc/net/arp') ?? '';
  const at = text.indexOf(`\n${host} `);
  if (at === -1) return undefined;
  // Fields: address, type of hardware, flags, hardware address, mask, device.
  const [, , flags = '', found = ''] = text.slice(at + 1, text.indexOf('\n', at + 1)).split(/\s+/);
  return (Number(flags) & complete) === 0 ? undefined : found.toLowerCase();
}

const complete = 0x02; // ATF_COM

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
