import { statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';

/**
 * Chooses where a private engine keeps its data: in memory where there is plenty of it, since an engine waits for the
 * disk at each layer of an image and each start of a container, else in a temporary folder.
 */
export async function parentOfDataFolder(): Promise<string> {
  if (await hasRoomInMemory()) return memoryFolder;
  // A socket's path has at most 107 bytes (unix(7)), and the engine appends about 50.
  return tmpdir().length <= 30 ? tmpdir() : '/var/tmp';
}

const memoryFolder = '/dev/shm';
/** The magic number of tmpfs (statfs(2)). */
const tmpfsType = 0x01_02_19_94;
/** The images and containers of all tests take less than 2 GiB. */
const neededBytes = 4 * 2 ** 30;

/** Other processes need memory, too, and a tmpfs says that it has room where the machine has none. */
async function hasRoomInMemory(): Promise<boolean> {
  const { type, bavail, bsize } = await statfs(memoryFolder).catch(() => ({ type: 0, bavail: 0, bsize: 0 }));
  return type === tmpfsType && bavail * bsize >= neededBytes && freemem() >= 2 * neededBytes;
}
