import { KeptText, type Sifted } from './kept-text.ts';
import { hashedWith, KeyTable } from './key-table.ts';
import { closesValue, isSpace, ValueScan } from './value-scan.ts';

/**
 * Sifts a JSON text while it arrives: keeps what a shape names, as text for `JSON.parse`, and passes over the rest byte
 * by byte, so that what others wrote into labels costs time but no memory. Not a validator: what is not JSON is kept as
 * it is where it is kept at all, and fails in `JSON.parse`.
 *
 *     bytes ─▶ JsonSieve ─▶ each element of the outermost array (`onElement`), or the whole (`finish`)
 */
export type Shape =
  | 'whole'
  | { readonly kind: 'array'; readonly of: Shape }
  | {
      readonly kind: 'object';
      /** Undefined: the member is left out. */
      readonly member: (key: string) => Member | undefined;
      /** The same for an object with fixed keys, which is faster. */
      readonly fixed?: KeyTable<Member>;
      /** If more is kept of the object, what it is part of counts as too large. */
      readonly maxBytes?: number;
    };

export interface Member {
  readonly shape: Shape;
  /** A longer value is left out with its key; for whole values only. */
  readonly maxBytes?: number;
}

/** The shape of an object of which the members with these keys are kept. */
export function objectWith(members: ReadonlyMap<string, Member>): Shape {
  return { kind: 'object', member: (key) => members.get(key), fixed: new KeyTable(members) };
}

interface SieveOptions {
  /** How much is kept at most, of each element where there is `onElement`. */
  readonly maxBytes: number;
  /** Called for each element of the outermost array, if the text is one; these are then not part of the whole. */
  readonly onElement?: (element: Sifted) => void;
}

interface Frame {
  readonly shape: Exclude<Shape, 'whole'>;
  /** The length of what was kept before the value. */
  readonly from: number;
  hasMembers: boolean;
}

type State = 'value' | 'in-value' | 'first-key' | 'key' | 'in-key' | 'colon' | 'next' | 'done' | 'broken';

const byte = { quote: 0x22, comma: 0x2c, colon: 0x3a, open: 0x5b, escape: 0x5c, close: 0x5d, begin: 0x7b, end: 0x7d };
/** A key that is longer is judged by its beginning. */
const maxKeyBytes = 1024;

export class JsonSieve {
  readonly #shape: Shape;
  readonly #options: SieveOptions;
  readonly #key = Buffer.allocUnsafe(maxKeyBytes);
  readonly #frames: Frame[] = [];
  readonly #kept: KeptText;
  readonly #scan = new ValueScan();
  #state: State = 'value';
  #next: Member | undefined;
  #keyLength = 0;
  #keyHash = 0;
  #keyHasEscape = false;
  #escaped = false;
  /** Where the member under way begins in what was kept, and the greatest length that its value may make. */
  #memberFrom = 0;
  #limit = Infinity;

  constructor(shape: Shape, options: SieveOptions) {
    this.#shape = shape;
    this.#options = options;
    this.#kept = new KeptText(options.maxBytes);
    this.#next = { shape };
  }

  /** Whether the text ended where it should. */
  get isDone(): boolean {
    return this.#state === 'done' || (this.#state === 'in-value' && this.#frames.length === 0 && !this.#scan.isOpen);
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) at = this.#step(chunk, at);
  }

  /** Returns what was kept, and begins anew. */
  finish(): Sifted {
    const kept = this.#kept.take();
    this.#frames.length = 0;
    this.#state = 'value';
    this.#next = { shape: this.#shape };
    this.#scan.reset();
    this.#escaped = false;
    return kept;
  }

  /** Reads one token, or a part of one; returns where the next begins. */
  #step(chunk: Uint8Array, at: number): number {
    const found = chunk[at] ?? 0;
    if (this.#state === 'in-value') return this.#passValue(chunk, at);
    if (this.#state === 'in-key') return this.#readKey(chunk, at);
    if (this.#state !== 'broken' && isSpace(found)) return at + 1;
    switch (this.#state) {
      case 'value':
        if (found === byte.close && this.#frames.at(-1)?.shape.kind === 'array') this.#closeFrame();
        else return this.#beginValue(found, at);
        return at + 1;
      case 'first-key':
      case 'key':
        if (found === byte.end && this.#state === 'first-key') this.#closeFrame();
        else if (found === byte.quote) this.#beginKey();
        else return this.#break(at);
        return at + 1;
      case 'colon':
        if (found !== byte.colon) return this.#break(at);
        this.#state = 'value';
        return at + 1;
      case 'next':
        return this.#afterValue(found, at);
      case 'done':
        return this.#break(at);
      case 'broken':
        this.#kept.add(chunk, at, chunk.length);
        return chunk.length;
    }
  }

  #beginValue(found: number, at: number): number {
    const shape = this.#next?.shape;
    const opens =
      shape === undefined || shape === 'whole' ? undefined : shape.kind === 'array' ? byte.open : byte.begin;
    if (shape === undefined || shape === 'whole' || found !== opens) {
      // A value of another kind than expected is kept as it is, and refused by the schema.
      this.#limit = this.#next?.maxBytes === undefined ? Infinity : this.#kept.length + this.#next.maxBytes;
      this.#state = 'in-value';
      return at;
    }
    const from = this.#kept.length;
    if (!this.#isStreamed) this.#kept.addByte(found);
    this.#frames.push({ shape, from, hasMembers: false });
    this.#beginMember('first-key');
    return at + 1;
  }

  /** Whether the value that begins or ends is an outermost array whose elements are handed out one by one. */
  get #isStreamed(): boolean {
    return this.#frames.length === 0 && this.#options.onElement !== undefined;
  }

  #beginMember(state: 'first-key' | 'key'): void {
    const frame = this.#frames.at(-1);
    this.#memberFrom = this.#kept.length;
    if (frame?.shape.kind === 'object') {
      this.#state = state;
      return;
    }
    this.#state = 'value';
    this.#next = frame && { shape: frame.shape.of };
    if (frame?.hasMembers) this.#kept.addByte(byte.comma);
  }

  #beginKey(): void {
    this.#keyLength = this.#keyHash = 0;
    this.#keyHasEscape = false;
    this.#escaped = false;
    this.#state = 'in-key';
  }

  #readKey(chunk: Uint8Array, from: number): number {
    let length = this.#keyLength;
    let hash = this.#keyHash;
    let escaped = this.#escaped;
    let at = from;
    for (; at < chunk.length; at += 1) {
      const found = chunk[at] ?? 0;
      if (found === byte.quote && !escaped) break;
      escaped = found === byte.escape && !escaped;
      if (escaped) this.#keyHasEscape = true;
      if (length < maxKeyBytes) this.#key[length] = found;
      length += 1;
      hash = hashedWith(hash, found);
    }
    this.#keyLength = length;
    this.#keyHash = hash;
    this.#escaped = escaped;
    if (at === chunk.length) return at;
    this.#endKey();
    return at + 1;
  }

  #endKey(): void {
    const frame = this.#frames.at(-1);
    const length = Math.min(this.#keyLength, maxKeyBytes);
    this.#next = frame?.shape.kind === 'object' ? this.#member(frame.shape, length) : undefined;
    this.#escaped = false;
    this.#state = 'colon';
    if (!this.#next) return;
    if (this.#keyLength > maxKeyBytes) this.#kept.refuse();
    if (frame?.hasMembers) this.#kept.addByte(byte.comma);
    this.#kept.addByte(byte.quote);
    this.#kept.add(this.#key, 0, length);
    this.#kept.addByte(byte.quote);
    this.#kept.addByte(byte.colon);
  }

  #member({ member, fixed }: Extract<Shape, { kind: 'object' }>, length: number): Member | undefined {
    if (fixed && !this.#keyHasEscape) return fixed.find(this.#key, this.#keyLength, this.#keyHash);
    return member(unescaped(this.#key.toString('utf8', 0, length)));
  }

  /** Passes over a value, up to its end or the chunk's, and keeps it if it is wanted. */
  #passValue(chunk: Uint8Array, from: number): number {
    const at = this.#scan.end(chunk, from);
    if (this.#next && this.#kept.length + at - from > this.#limit) {
      this.#kept.cutTo(this.#memberFrom);
      this.#next = undefined;
    }
    if (this.#next) this.#kept.add(chunk, from, at);
    // A number or word ends only where something else begins.
    if (!this.#scan.isOpen && (at < chunk.length || closesValue(chunk[at - 1])))
      this.#endValue(this.#next !== undefined);
    return at;
  }

  #endValue(isKept: boolean): void {
    const frame = this.#frames.at(-1);
    this.#state = frame ? 'next' : 'done';
    if (!frame) return;
    if (this.#frames.length === 1 && frame.shape.kind === 'array' && this.#options.onElement) {
      this.#options.onElement(this.#kept.take());
      return;
    }
    if (isKept) frame.hasMembers = true;
    const { shape, from } = frame;
    if (shape.kind === 'object' && this.#kept.length - from > (shape.maxBytes ?? Infinity)) this.#kept.refuse();
  }

  #afterValue(found: number, at: number): number {
    const isObject = this.#frames.at(-1)?.shape.kind === 'object';
    if (found === byte.comma) this.#beginMember('key');
    else if (found === (isObject ? byte.end : byte.close)) this.#closeFrame();
    else return this.#break(at);
    return at + 1;
  }

  #closeFrame(): void {
    const frame = this.#frames.pop();
    if (!this.#isStreamed) this.#kept.addByte(frame?.shape.kind === 'array' ? byte.close : byte.end);
    this.#endValue(true);
  }

  /** What follows is not JSON: it is kept as it is, for the message, behind a byte that no JSON has there. */
  #break(at: number): number {
    this.#kept.addByte(0);
    this.#state = 'broken';
    return at;
  }
}

function unescaped(key: string): string {
  if (!key.includes('\\')) return key;
  try {
    return String(JSON.parse(`"${key}"`));
  } catch {
    return key;
  }
}
