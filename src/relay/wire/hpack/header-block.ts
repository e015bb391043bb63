import { ByteReader } from '../byte-reader.ts';
import { decodeHuffman } from './huffman.ts';
import { staticTable, type HeaderField } from './static-table.ts';

/**
 * Decodes the first header block of an HTTP/2 connection (RFC 7541): the static table, and the entries that the block
 * itself adds to the dynamic one. The decoder is our own: the npm packages for HPACK are ten years old, without types,
 * and keep streams and whole connections; Node's decoder (nghttp2) is not available without its sessions, which would
 * answer the client.
 */
/** The dynamic table's size until the server's SETTINGS change it; the server has sent none yet (RFC 9113 §6.5.2). */
const tableBytes = 4_096;
/** The size of an entry besides its text (RFC 7541 §4.1). */
const entryBytes = 32;
/**
 * The longest integer, in bytes behind its prefix. They hold 28 bits, more than any length or index that fits a head.
 */
const maxIntegerBytes = 4;

/** The fields of a header block; undefined where it is malformed. */
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
      // The table's size may change before the first field only (RFC 7541 §4.2).
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

/** Reads an integer (RFC 7541 §5.1); NaN for one that is too long. */
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

/** Reads a string (RFC 7541 §5.2). Header text is bytes, which Latin-1 keeps apart. */
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
  /** The entries, newest first: the newest has the lowest index (RFC 7541 §2.3.3). */
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

  /** Changes the table's size; false where it exceeds the size that a client may choose. */
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
