import { createHash } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';

/**
 * Many bytes that show any copying mistake: every block is numbered, and both ends compute a checksum.
 */
const blockSize = 256 * 1024;

/** Writes `length` bytes as fast as they are taken, ends the stream, and returns their checksum. */
export async function pour(sink: Writable, length: number, seed: number): Promise<string> {
  const hash = createHash('sha1');
  const noise = Buffer.alloc(blockSize, createHash('sha512').update(String(seed)).digest());
  for (let sent = 0; sent < length; sent += blockSize) {
    const block = Buffer.from(noise.subarray(0, Math.min(blockSize, length - sent)));
    block.writeUInt32BE(sent / blockSize);
    hash.update(block);
    if (!sink.write(block)) await new Promise((resolve) => void sink.once('drain', resolve));
  }
  sink.end();
  return hash.digest('hex');
}

/** Reads a stream to its end. */
export async function soak(source: Readable): Promise<{ readonly length: number; readonly checksum: string }> {
  const hash = createHash('sha1');
  let length = 0;
  source.on('data', (chunk: Buffer) => {
    length += chunk.length;
    hash.update(chunk);
  });
  await new Promise<void>((resolve, reject) => {
    source.once('end', resolve);
    source.once('error', reject);
  });
  return { length, checksum: hash.digest('hex') };
}
