import { ByteReader } from '../byte-reader.ts';
import { decodeHuffman } from './huffman.ts';
import { staticTable, type HeaderField } from './static-table.ts';

/**
 * Decodes the first header block of an HTTP/2 connection (RFC 7541): the static table, and what the block itself adds to
 * the dynamic one. Own code: the npm packages for HPACK are ten years old, without types, and keep streams and whole
 * connections; Node's own decoder (nghttp2) can't be had without its sessions, which would answer the client.
 */
/** The size before the server's SETTINGS say otherwise, and these have not been sent yet (RFC 9113 §6.5.2). */
const tableBytes = 4_096;
/** What an entry costs besides its text (RFC 7541 §4.1). */
const entryBytes = 32;
/** Lengths and indexes have up to 28 bits; none that fits a head needs as many. */
const maxIntegerBytes = 4;

/** Undefined: it is malformed. */
export function readHeaderBlock(block: Uint8Array): readonly HeaderField[] | undefined {
  const reader = new ByteReader(block);
  const table = new DynamicTable();
  const fields: HeaderField[] = [];
  while (reader.hasMore) {
    const first = reader.uint(1);
    if (first >= 0x80) {
      const field = table.at(readInteger(reader, first, 7));
      if (!field) return undefined;
      fields.push(field);
    } else if (first >= 0x20 && first < 0x40) {
      // Sizes are changed before the first field only (RFC 7541 §4.2).
      if (fields.length > 0 || !table.resize(readInteger(reader, first, 5))) return undefined;
    } else {
      const isAdded = first >= 0x40;
      const index = readInteger(reader, first, isAdded ? 6 : 4);
      const name = index === 0 ? readText(reader) : table.at(index)?.name;
      const value = readText(reader);
      if (name === undefined || value === undefined) return undefined;
      fields.push({ name, value });
      if (isAdded) table.add({ name, value });
    }
    if (!reader.isSound) return undefined;
  }
  return fields;
}

/** RFC 7541 §5.1; NaN for one that is too long. */
function readInteger(reader: ByteReader, first: number, prefixBits: number): number {
  const most = 2 ** prefixBits - 1;
  let value = first & most;
  if (value < most) return value;
  for (let index = 0; index < maxIntegerBytes; index++) {
    const byte = reader.uint(1);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  return Number.NaN;
}

/** RFC 7541 §5.2. Header text is bytes; Latin-1 keeps them apart. */
function readText(reader: ByteReader): string | undefined {
  const first = reader.uint(1);
  const length = readInteger(reader, first, 7);
  if (Number.isNaN(length)) return undefined;
  const bytes = reader.read(length);
  if (!reader.isSound) return undefined;
  const text = first >= 0x80 ? decodeHuffman(bytes) : bytes;
  return text && Buffer.from(text).toString('latin1');
}

class DynamicTable {
  /** The newest first: it has the lowest index (RFC 7541 §2.3.3). */
  readonly #entries: HeaderField[] = [];
  #used = 0;
  #limit = tableBytes;

  at(index: number): HeaderField | undefined {
    return index <= staticTable.length ? staticTable[index - 1] : this.#entries[index - staticTable.length - 1];
  }

  add(field: HeaderField): void {
    this.#entries.unshift(field);
    this.#used += sizeOf(field);
    this.#evict();
  }

  /** False: beyond what a client may ask for. */
  resize(limit: number): boolean {
    if (!(limit <= tableBytes)) return false;
    this.#limit = limit;
    this.#evict();
    return true;
  }

  #evict(): void {
    while (this.#used > this.#limit) {
      const oldest = this.#entries.pop();
      this.#used -= oldest ? sizeOf(oldest) : this.#used;
    }
  }
}

function sizeOf({ name, value }: HeaderField): number {
  return entryBytes + name.length + value.length;
}
