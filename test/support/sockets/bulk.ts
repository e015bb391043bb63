import { createHash } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { crc32 } from 'node:zlib';

/**
 * Many bytes that show any copying mistake: every block is numbered, and both ends compute a checksum.
 */
const blockSize = 256 * 1024;

/** Writes `length` bytes as fast as they are taken, ends the stream, and returns their checksum. */
export async function pour(sink: Writable, length: number, seed: number): Promise<number> {
  const block = Buffer.alloc(blockSize, createHash('sha512').update(String(seed)).digest());
  let checksum = 0;
  for (let sent = 0; sent < length; sent += blockSize) {
    block.writeUInt32BE(sent / blockSize);
    const bytes = block.subarray(0, length - sent);
    checksum = crc32(bytes, checksum);
    // A block is more than a stream takes at once, and free for the next bytes once the stream asks for more.
    if (!sink.write(bytes)) await new Promise((resolve) => void sink.once('drain', resolve));
  }
  sink.end();
  return checksum;
}

/** Reads a stream to its end. */
export async function soak(source: Readable): Promise<{ readonly length: number; readonly checksum: number }> {
  let length = 0;
  let checksum = 0;
  source.on('data', (chunk: Buffer) => {
    length += chunk.length;
    checksum = crc32(chunk, checksum);
  });
  await new Promise<void>((resolve, reject) => {
    source.once('end', resolve);
    source.once('error', reject);
  });
  return { length, checksum };
}
