import { expect, test } from 'vitest';
import { isStranger } from '../../../src/network/neighbours.ts';

/** The file as Linux 6.18 prints it. */
const table = [
  'IP address       HW type     Flags       HW address            Mask     Device',
  '10.89.0.5        0x1         0x2         7e:cc:10:aa:6b:a2     *        podman1',
  '10.89.0.50       0x1         0x2         c2:39:92:52:c2:35     *        podman1',
  '10.89.0.6        0x1         0x0         00:00:00:00:00:00     *        podman1',
  '',
].join('\n');

test.each([
  ['its own card answers', '10.89.0.5', '7e:cc:10:aa:6b:a2', false],
  ['another card answers', '10.89.0.5', 'c2:39:92:52:c2:35', true],
  ['the address begins like another one', '10.89.0.50', 'c2:39:92:52:c2:35', false],
  ['nothing has answered yet', '10.89.0.6', '7e:cc:10:aa:6b:a2', false],
  ['the address is not in the table', '10.89.0.7', '7e:cc:10:aa:6b:a2', false],
  ['the table has no such address, but its end', '0.89.0.5', '7e:cc:10:aa:6b:a2', false],
  ['the engine tells of deaths in time', '10.89.0.5', undefined, false],
])('where %s, the address is a stranger’s or not', (_, host, hardware, strange) => {
  expect(isStranger({ host, hardware }, () => table)).toBe(strange);
});

test('where the kernel has no such table, no address is a stranger’s', () => {
  expect(isStranger({ host: '10.89.0.5', hardware: '7e:cc:10:aa:6b:a2' }, () => '')).toBe(false);
});
