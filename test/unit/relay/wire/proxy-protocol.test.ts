import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../../src/relay/wire/proxy-protocol/crc32c.ts';
import { maxBinaryBytes, readProxyHeader, signature } from '../../../../src/relay/wire/proxy-protocol/read.ts';
import { writeProxyHeader } from '../../../../src/relay/wire/proxy-protocol/write.ts';
import { answerOf, anyBytes, anyCuts, nearly } from '../../../support/sockets/segments.ts';

const text = (line: string): Uint8Array => Buffer.from(line, 'latin1');
const noAddresses = { source: undefined, destination: undefined };

function binary(command: number, family: number, ...rest: readonly (readonly number[])[]): Buffer {
  const body = rest.flat();
  return Buffer.concat([signature, Uint8Array.from([command, family, body.length >> 8, body.length & 255, ...body])]);
}

const v4 = [10, 0, 0, 1, 10, 0, 0, 2, 0x30, 0x39, 0x00, 0x50];
const v6 = [
  0x20,
  0x01,
  0x0d,
  0xb8,
  ...Array.from({ length: 11 }, () => 0),
  1,
  ...Array.from({ length: 15 }, () => 0),
  1,
];
const tlv = (type: number, ...value: readonly number[]): number[] => [
  type,
  value.length >> 8,
  value.length & 255,
  ...value,
];

/** Sets the checksum of a header whose last TLV is one. */
function checked(header: Buffer): Buffer {
  header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}

describe('a PROXY header of version 1', () => {
  test.each([
    ['PROXY TCP4 10.0.0.1 10.0.0.2 12345 80', { host: '10.0.0.1', port: 12_345 }, { host: '10.0.0.2', port: 80 }],
    ['PROXY TCP6 2001:DB8:0::1 ::1 0 65535', { host: '2001:db8::1', port: 0 }, { host: '::1', port: 65_535 }],
    ['PROXY TCP6 ::ffff:10.0.0.1 ::1 1 2', { host: '10.0.0.1', port: 1 }, { host: '::1', port: 2 }],
    ['PROXY UNKNOWN', undefined, undefined],
    ['PROXY UNKNOWN ffff:f 1 2 whatever', undefined, undefined],
  ])('has the addresses of client and proxy: %s', (line, source, destination) => {
    const bytes = text(`${line}\r\nGET / HTTP/1.1\r\n`);
    expect(answerOf(readProxyHeader, bytes)).toEqual({
      kind: 'header',
      version: 1,
      local: false,
      source,
      destination,
      tlvs: new Uint8Array(),
      length: line.length + 2,
    });
  });

  test.each([
    'PROXY \r\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2 3\r\n',
    'PROXY TCP4  10.0.0.1 10.0.0.2 1 2\r\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 01 2\r\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 65536\r\n',
    'PROXY TCP4 10.0.0.256 10.0.0.2 1 2\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 10.0.0.1 10.0.0.2 1 2\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
    'PROXY TCP5 10.0.0.1 10.0.0.2 1 2\r\n',
    'PROXY tcp4 10.0.0.1 10.0.0.2 1 2\r\n',
    'PROXY UDP4 10.0.0.1 10.0.0.2 1 2\r\n',
    'PROXY UNKNOWNS\r\n',
  ])('is malformed: %j', (line) => {
    expect(answerOf(readProxyHeader, text(line)).kind).toBe('malformed');
  });

  test('is at most 107 bytes long', () => {
    const longest = `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`;
    expect(answerOf(readProxyHeader, text(longest))).toMatchObject({ kind: 'header', length: 107 });
    expect(answerOf(readProxyHeader, text(longest.replace('\r', 'f\r'))).kind).toBe('malformed');
  });
});

describe('a PROXY header of version 2', () => {
  test.each([
    ['IPv4', 0x11, v4, { host: '10.0.0.1', port: 12_345 }, { host: '10.0.0.2', port: 80 }],
    ['IPv4 datagrams', 0x12, v4, { host: '10.0.0.1', port: 12_345 }, { host: '10.0.0.2', port: 80 }],
    ['IPv6', 0x21, [...v6, 1, 2, 3, 4], { host: '2001:db8::1', port: 258 }, { host: '::1', port: 772 }],
    ['unix sockets', 0x31, Array.from({ length: 216 }, () => 65), undefined, undefined],
    ['nothing known', 0x00, [], undefined, undefined],
  ])('has the addresses of %s, and keeps its TLVs', (_, family, addresses, source, destination) => {
    const tlvs = [...tlv(0x02, 97, 46, 98), ...tlv(0xe0), ...tlv(0x04, 0, 0)];
    const bytes = Buffer.concat([binary(0x21, family, addresses, tlvs), text('hello')]);
    expect(answerOf(readProxyHeader, bytes)).toEqual({
      kind: 'header',
      version: 2,
      local: false,
      source,
      destination,
      tlvs: Uint8Array.from(tlvs),
      length: bytes.length - 5,
    });
  });

  test.each([
    ['nothing', 0x00, []],
    ['addresses', 0x11, v4],
    ['nonsense', 0x11, [1, 2, 3]],
    ['a family that is none', 0xff, [1, 2, 3]],
  ])('of the proxy’s own connection is read without its content: %s', (_, family, rest) => {
    const bytes = binary(0x20, family, rest);
    const facts = { kind: 'header', version: 2, local: true, tlvs: new Uint8Array(), length: bytes.length };
    expect(answerOf(readProxyHeader, bytes)).toEqual({ ...facts, ...noAddresses });
  });

  test('is accepted with a right checksum', () => {
    const bytes = checked(binary(0x21, 0x11, v4, tlv(0x02, 97), tlv(0x03, 0, 0, 0, 0)));
    expect(answerOf(readProxyHeader, bytes)).toMatchObject({ kind: 'header', source: { host: '10.0.0.1' } });
  });

  test('is malformed with any of its bits changed, if it has a checksum', () => {
    const right = checked(binary(0x21, 0x11, v4, tlv(0x02, 97), tlv(0x03, 0, 0, 0, 0)));
    for (let bit = 16 * 8; bit < right.length * 8; bit++) {
      const wrong = Buffer.from(right);
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // With another type the checksum's TLV is one that the reader does not know.
      if (bit >> 3 === right.length - 7) continue;
      expect(readProxyHeader(wrong).kind).toBe('malformed');
    }
  });

  test.each([
    ['another version', binary(0x11, 0x11, v4)],
    ['another command', binary(0x22, 0x11, v4)],
    ['another family', binary(0x21, 0x41, v4)],
    ['a family without a transport', binary(0x21, 0x10, v4)],
    ['too few bytes for its addresses', binary(0x21, 0x21, v4)],
    ['a TLV that does not fit', binary(0x21, 0x11, v4, [1, 0, 9, 0])],
    ['a TLV without a length', binary(0x21, 0x11, v4, [1])],
    ['a checksum of three bytes', binary(0x21, 0x11, v4, tlv(0x03, 0, 0, 0))],
    ['two checksums', binary(0x21, 0x11, v4, tlv(0x03, 0, 0, 0, 0), tlv(0x03, 0, 0, 0, 0))],
    ['more than 16 KiB', binary(0x21, 0x11, v4, tlv(0x04, ...Array.from({ length: maxBinaryBytes }, () => 0)))],
  ])('is malformed with %s', (_, bytes) => {
    expect(answerOf(readProxyHeader, bytes, [...Array.from({ length: 40 }).keys(), bytes.length - 1]).kind).toBe(
      'malformed',
    );
  });
});

describe('bytes from a client', () => {
  test.each(['GET / HTTP/1.1\r\n', 'PROXYING', 'proxy TCP4', '\r\n\r\n\r\n', '\u0016\u0003\u0001', 'P '])(
    'without a PROXY header are left alone: %j',
    (bytes) => {
      expect(answerOf(readProxyHeader, text(bytes))).toEqual({ kind: 'absent' });
    },
  );

  test('never throw, and give the same answer wherever they are cut', () => {
    const originals = [
      text('PROXY TCP4 10.0.0.1 10.0.0.2 12345 80\r\n'),
      text('PROXY TCP6 2001:db8::1 ::1 1 2\r\n'),
      checked(binary(0x21, 0x11, v4, tlv(0x02, 97), tlv(0x03, 0, 0, 0, 0))),
      binary(0x21, 0x21, [...v6, 1, 2, 3, 4], tlv(0x04)),
    ];
    const anyBody = anyBytes.map((bytes) => Buffer.concat([signature, bytes]));
    fc.assert(
      fc.property(fc.oneof(nearly(originals), anyBytes, anyBody), anyCuts, (bytes, cuts) => {
        expect(answerOf(readProxyHeader, bytes, cuts)).toBeDefined();
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a PROXY header that we write', () => {
  const port = fc.nat(65_535);
  const v4Address = fc.record({ host: fc.ipV4(), port });
  const v6Address = fc.record({
    host: fc.ipV6().map((host) => new URL(`http://[${host}]`).hostname.slice(1, -1)),
    port,
  });
  const pair = fc.oneof(fc.tuple(v4Address, v4Address), fc.tuple(v6Address, v6Address));
  const tlvs = fc
    .array(
      fc.tuple(
        fc.nat(255).filter((type) => type !== 3),
        fc.uint8Array({ maxLength: 20 }),
      ),
    )
    .map((all) => Uint8Array.from(all.flatMap(([type, value]) => tlv(type, ...value))));
  /** The address as the relay prints it: an IPv4 client has its IPv4 address, whatever socket it came by. */
  const plain = (address: { readonly host: string; readonly port: number }): unknown => ({
    ...address,
    host: address.host.startsWith('::ffff:') ? expect.any(String) : address.host,
  });

  test.each(['v1', 'v2'] as const)('as %s can be read again, with the same addresses', (version) => {
    fc.assert(
      fc.property(pair, tlvs, ([source, destination], extra) => {
        const bytes = writeProxyHeader(version, { source, destination, tlvs: extra });
        expect(readProxyHeader(bytes)).toEqual({
          kind: 'header',
          version: version === 'v1' ? 1 : 2,
          local: false,
          source: plain(source),
          destination: plain(destination),
          tlvs: version === 'v1' ? new Uint8Array() : extra,
          length: bytes.length,
        });
      }),
    );
  });

  test.each([
    ['v1', 'PROXY TCP4 10.0.0.1 10.0.0.2 12345 80\r\n'],
    ['v2', binary(0x21, 0x11, v4)],
  ] as const)('as %s has the bytes that the specification gives', (version, expected) => {
    const forwarded = { source: { host: '10.0.0.1', port: 12_345 }, destination: { host: '10.0.0.2', port: 80 } };
    expect(writeProxyHeader(version, forwarded)).toEqual(Buffer.from(expected));
  });

  test.each([
    ['v1', 'PROXY UNKNOWN\r\n'],
    ['v2', binary(0x21, 0x00)],
  ] as const)('as %s says that the address of a client without an IP address is unknown', (version, expected) => {
    const forwarded = { source: undefined, destination: { host: '::1', port: 80 } };
    expect(writeProxyHeader(version, forwarded)).toEqual(Buffer.from(expected));
  });

  test('with addresses of two families has both in IPv6', () => {
    const forwarded = { source: { host: '10.0.0.1', port: 1 }, destination: { host: 'fe80::1%eth0', port: 2 } };
    expect(writeProxyHeader('v1', forwarded).toString()).toBe('PROXY TCP6 ::ffff:10.0.0.1 fe80::1 1 2\r\n');
    expect(readProxyHeader(writeProxyHeader('v2', forwarded))).toMatchObject({
      source: forwarded.source,
      destination: { host: 'fe80::1', port: 2 },
    });
  });

  test('has a checksum for the new addresses, where the header that came had one', () => {
    const came = readProxyHeader(checked(binary(0x21, 0x11, v4, tlv(0x02, 97), tlv(0x03, 0, 0, 0, 0))));
    expect(came.kind).toBe('header');
    const passedOn = writeProxyHeader('v2', {
      source: { host: '10.9.9.9', port: 9 },
      destination: { host: '10.0.0.2', port: 80 },
      ...(came.kind === 'header' && { tlvs: came.tlvs }),
    });
    expect(readProxyHeader(passedOn)).toMatchObject({ kind: 'header', source: { host: '10.9.9.9', port: 9 } });
    expect(passedOn.subarray(-7, -4)).toEqual(Buffer.from([3, 0, 4]));
  });

  // RFC 3720 B.4.
  test.each([
    [Buffer.alloc(32, 0), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
    [Buffer.from('123456789'), 0xe3069283],
  ])('has CRC-32C as its checksum', (bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum);
  });
});
