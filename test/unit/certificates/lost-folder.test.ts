import { describe, expect, it } from 'vitest';
import { isLostWithContainer } from '../../../src/certificates/lost-folder.ts';

/** As in a container of Docker with two volumes and a folder in memory. */
const inContainer = [
  '600 500 0:50 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/a',
  '601 600 0:53 / /proc rw,nosuid - proc proc rw',
  '602 600 0:54 / /dev/shm rw,nosuid - tmpfs shm rw,size=65536k',
  '603 600 8:1 /containers/c/hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw',
  '604 600 8:1 /volumes/ca/_data /ca rw,relatime master:2 - ext4 /dev/sda1 rw',
  String.raw`605 600 8:1 /volumes/b/_data /my\040data rw,relatime - ext4 /dev/sda1 rw`,
  '607 600 0:61 /engine/volumes/in-memory/_data /old rw - tmpfs shm rw',
  '606 600 0:60 / /ca/memory rw - tmpfs tmpfs rw',
].join('\n');

describe('a folder in a container', () => {
  it.each([
    ['/home/node/.local/share/sealane/ca', true],
    ['/ca', false],
    ['/ca/sub', false],
    ['/cabinet', true],
    ['/ca/memory/x', true],
    ['/my data/ca', false],
    ['/dev/shm/ca', true],
    ['/old/ca', false],
  ])('%s is lost with it: %s', (folder, isLost) => {
    expect(isLostWithContainer(folder, inContainer)).toBe(isLost);
  });

  it('is not lost outside of a container, or where the system does not tell', () => {
    expect(isLostWithContainer('/x', '20 1 8:1 / / rw - ext4 /dev/sda1 rw')).toBe(false);
    expect(isLostWithContainer('/x', '')).toBe(false);
  });
});
