import { describe, expect, test } from 'vitest';
import { CidrSet } from '../../../../src/relay/intake/cidr-set.ts';

describe('a set of CIDRs', () => {
  const set = new CidrSet(['10.0.0.0/8', '192.168.1.7', 'fd00::/8', '::1', '172.16.0.1/12']);

  test.each(['10.255.0.1', '192.168.1.7', 'fd12::3', '::1', '172.31.255.255', '::ffff:10.1.2.3', 'fd00::1%eth0'])(
    'has %s',
    (address) => {
      expect(set.has(address)).toBe(true);
    },
  );

  test.each(['11.0.0.1', '192.168.1.8', 'fe80::1%eth0', '::2', '172.32.0.0', '::ffff:11.1.2.3', '::10.0.0.1'])(
    'does not have %s',
    (address) => {
      expect(set.has(address)).toBe(false);
    },
  );

  test('has IPv4 addresses of a range that is written as IPv6', () => {
    const mapped = new CidrSet(['::ffff:10.0.0.0/104', '::FFFF:c0a8:107', '0:0:0:0:0:ffff:172.16.0.0/108']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.168.1.7', '172.31.0.1'])
      expect(mapped.has(address)).toBe(true);
    for (const address of ['11.1.2.3', '192.168.1.8', '::10.1.2.3', 'fd00::1']) expect(mapped.has(address)).toBe(false);
    expect(new CidrSet(['::ffff:0:0/96']).has('8.8.8.8')).toBe(true);
  });

  test('of all addresses has every address of its family only', () => {
    expect(new CidrSet(['0.0.0.0/0']).has('8.8.8.8')).toBe(true);
    expect(new CidrSet(['0.0.0.0/0']).has('2001:db8::1')).toBe(false);
    expect(new CidrSet(['::/0']).has('2001:db8::1')).toBe(true);
    expect(new CidrSet(['::/0']).has('8.8.8.8')).toBe(false);
  });

  test('without ranges has no address', () => {
    expect(new CidrSet([]).has('127.0.0.1')).toBe(false);
  });
});
