import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { AddressProof } from '../../../src/address/proof.ts';
import { isStranger } from '../../../src/network/strangers.ts';

/** The files as Linux 6.18 prints them. */
const arp = [
  'IP address       HW type     Flags       HW address            Mask     Device',
  '10.89.0.5        0x1         0x2         7e:cc:10:aa:6b:a2     *        podman1',
  '10.89.0.50       0x1         0x2         c2:39:92:52:c2:35     *        podman1',
  '10.89.0.6        0x1         0x0         00:00:00:00:00:00     *        podman1',
  '',
].join('\n');
const trie = [
  'Local:',
  '  +-- 0.0.0.0/0 3 0 5',
  '     +-- 10.89.0.0/24 2 0 2',
  '        +-- 10.89.0.0/28 2 0 2',
  '           |-- 10.89.0.0',
  '              /24 link UNICAST',
  '           |-- 10.89.0.5',
  '              /24 link UNICAST',
  '              /32 host LOCAL',
  '           |-- 10.89.0.7',
  '              /32 universe UNICAST',
  '        |-- 10.89.0.255',
  '           /32 link BROADCAST',
  '',
].join('\n');
const inet6 = [
  '00000000000000000000000000000001 01 80 10 80       lo',
  'fd000079000000000000000000000002 02 40 00 80     eth0',
  '',
].join('\n');
const files = new Map([
  ['/proc/net/arp', arp],
  ['/proc/4711/net/fib_trie', trie],
  ['/proc/4711/net/if_inet6', inet6],
  ['/proc/self/net/fib_trie', trie.replaceAll('10.89.0.5\n', '10.89.0.9\n')],
]);
const read = (path: string): string | undefined => files.get(path);
const card = (hardware: string): AddressProof => ({ kind: 'card', hardware });
const own = card('7e:cc:10:aa:6b:a2');
const space: AddressProof = { kind: 'namespace', pid: 4711 };

test.each<[string, string, AddressProof | undefined, boolean]>([
  ['its own card has answered', '10.89.0.5', own, false],
  ['another card has answered', '10.89.0.5', card('c2:39:92:52:c2:35'), true],
  ['the address begins like another one', '10.89.0.50', card('c2:39:92:52:c2:35'), false],
  ['the kernel knows no card yet', '10.89.0.6', own, true],
  ['the kernel does not have the address', '10.89.0.7', own, true],
  ['the kernel has an address that ends alike', '0.89.0.5', own, true],
  ['the address is one of Sealane’s own network namespace', '10.89.0.9', own, false],
  ['its network namespace has the address', '10.89.0.5', space, false],
  ['its network namespace has another address', '10.89.0.50', space, true],
  ['its network namespace has a route to the address only', '10.89.0.7', space, true],
  ['the address is that of its network', '10.89.0.0', space, true],
  ['its network namespace has the IPv6 address', 'fd00:79::2', space, false],
  ['its network namespace has another IPv6 address', 'fd00:79::3', space, true],
  ['its process has ended, and its network namespace with it', '10.89.0.5', { kind: 'namespace', pid: 4712 }, true],
  ['the engine is to be asked', '10.89.0.5', { kind: 'engine', run: 'a@1' }, false],
  ['the engine tells of ends in time', '10.89.0.5', undefined, false],
])('where %s, the address is a stranger’s or not', (_, host, proof, strange) => {
  expect(isStranger({ host, proof }, read)).toBe(strange);
});

test('a port of the host is a container’s for as long as its process runs', async () => {
  const child = spawn('sleep', ['600']);
  const proof: AddressProof = { kind: 'process', pid: child.pid ?? 0 };
  expect(isStranger({ host: '127.0.0.1', proof })).toBe(false);
  child.kill();
  await once(child, 'exit');
  expect(isStranger({ host: '127.0.0.1', proof })).toBe(true);
});

test('the kernel of this machine tells which addresses a process has', () => {
  const proof: AddressProof = { kind: 'namespace', pid: process.pid };
  expect(['127.0.0.1', '192.0.2.1'].map((host) => isStranger({ host, proof }))).toEqual([false, true]);
});

test('where the kernel has no tables, nothing is proved', () => {
  for (const proof of [own, space]) expect(isStranger({ host: '10.89.0.5', proof }, () => undefined)).toBe(true);
});
