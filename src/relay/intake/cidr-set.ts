import { BlockList } from 'node:net';
import { parseRange } from '../../address/ranges.ts';

/**
 * A set of ranges in CIDR notation, IPv4 and IPv6. An IPv4 address that is mapped into IPv6, as a dual-stack socket
 * gives it, counts as IPv4.
 */
export class CidrSet {
  readonly #v4 = new BlockList();
  /** The IPv6 ranges are kept apart, since Node would find every IPv4 address within ::/0. */
  readonly #v6 = new BlockList();

  /**
   * `cidrs` such as `10.0.0.0/8` or `fd00::/8`; one without a length is a single address. They were validated before.
   */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) {
      const range = parseRange(cidr);
      if (!range) throw new RangeError(`not a range of addresses: ${cidr}`);
      (range.family === 'ipv6' ? this.#v6 : this.#v4).addSubnet(range.address, range.bits, range.family);
    }
  }

  /** `address` is an IP address; a zone is ignored. */
  has(address: string): boolean {
    const [host = ''] = address.split('%', 1);
    if (!isV6(host)) return this.#v4.check(host, 'ipv4');
    return this.#v6.check(host, 'ipv6') || this.#v4.check(host, 'ipv6');
  }
}

function isV6(address: string): boolean {
  return address.includes(':');
}
