import { BlockList } from 'node:net';
import { parseRange } from '../../address/ranges.ts';

/**
 * Addresses in CIDR notation, IPv4 and IPv6. An IPv4 client is one whether or not it came through an IPv6 socket.
 */
export class CidrSet {
  readonly #v4 = new BlockList();
  /** Apart: Node would find every IPv4 address within ::/0. */
  readonly #v6 = new BlockList();

  /** `10.0.0.0/8`, `fd00::/8`; without a length one address. Validated before they get here. */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) {
      const range = parseRange(cidr);
      if (!range) throw new RangeError(`no range of addresses: ${cidr}`);
      (range.family === 'ipv6' ? this.#v6 : this.#v4).addSubnet(range.address, range.bits, range.family);
    }
  }

  /** `address` is an IP address, perhaps with a zone. */
  has(address: string): boolean {
    const [host = ''] = address.split('%', 1);
    if (!isV6(host)) return this.#v4.check(host, 'ipv4');
    return this.#v6.check(host, 'ipv6') || this.#v4.check(host, 'ipv6');
  }
}

function isV6(address: string): boolean {
  return address.includes(':');
}
