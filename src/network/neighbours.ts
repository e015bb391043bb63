import { readFileSync } from 'node:fs';

/**
 * Tells by the kernel's table of neighbours (/proc/net/arp, proc(5)) whether an address that has just answered is still
 * the container's. A container has an address of its network card of its own, and another one that has taken its IP
 * address has another. The table has IPv4 alone.
 */
export interface CardAddress {
  readonly host: string;
  /** Lower-case, as `02:42:ac:11:00:02`; undefined where it is not to be compared. */
  readonly hardware?: string | undefined;
}

/**
 * Whether another network card than the wanted one has the address. False where the kernel does not tell, as for addresses
 * of this very network namespace. The answer holds for the connection that was made before: its packets went to that card.
 */
export function isStranger({ host, hardware }: CardAddress, readText = textOfTable): boolean {
  if (hardware === undefined) return false;
  const text = readText();
  const at = text.indexOf(`\n${host} `);
  if (at === -1) return false;
  // Fields: address, type of hardware, flags, hardware address, mask, device.
  const [, , flags = '', found = ''] = text.slice(at + 1, text.indexOf('\n', at + 1)).split(/\s+/);
  const isComplete = (Number(flags) & complete) !== 0;
  return isComplete && found.toLowerCase() !== hardware;
}

const complete = 0x02; // ATF_COM

function textOfTable(): string {
  try {
    return readFileSync('/proc/net/arp', 'utf8');
  } catch {
    return '';
  }
}
