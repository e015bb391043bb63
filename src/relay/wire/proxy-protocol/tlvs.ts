/**
 * Type, length, value: the fields of version 2 besides the addresses (proxy-protocol.txt, section 2.2.1). Only the
 * checksum is understood; the others are passed on.
 */
const headerBytes = 3;
const checksumType = 0x03;
export const checksumBytes = 4;

/**
 * The position of the checksum's value, if there is one. `malformed`: the TLVs do not fit their lengths, or there are
 * two checksums.
 */
export function findChecksum(tlvs: Uint8Array): number | 'none' | 'malformed' {
  let found: number | undefined;
  let at = 0;
  while (at < tlvs.length) {
    const length = ((tlvs[at + 1] ?? 0) << 8) | (tlvs[at + 2] ?? 0);
    const valueAt = at + headerBytes;
    if (valueAt + length > tlvs.length) return 'malformed';
    if (tlvs[at] === checksumType) {
      if (found !== undefined || length !== checksumBytes) return 'malformed';
      found = valueAt;
    }
    at = valueAt + length;
  }
  return found ?? 'none';
}
