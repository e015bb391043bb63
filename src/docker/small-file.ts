import { readFile, stat } from 'node:fs/promises';
import { formatBytes } from '../text/sizes.ts';

/** The docker command writes some kilobytes, also with many credentials in its configuration. */
const mostBytes = 16 * 1024 * 1024;

/**
 * Reads a file of the docker command's. A device or a pipe has no end: rejects with the rest of a sentence about the file
 * where it is none, or too large.
 */
export async function readSmallFile(path: string): Promise<Buffer> {
  const file = await stat(path);
  if (!file.isFile()) throw new Error('is no file');
  if (file.size > mostBytes) throw new Error(`is too large (${formatBytes(file.size)})`);
  return readFile(path);
}
