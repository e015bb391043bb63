import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';
import { printable, quoted } from '../text/printable.ts';
import { interpolate, type Variables } from './interpolate.ts';
import { ComposeError, type SourceLocation } from './location.ts';

/**
 * A YAML file as values that carry their locations, with variables filled in, and aliases and `<<` resolved.
 */
export type Tree = Leaf | List | Mapping;

export interface Leaf {
  readonly kind: 'leaf';
  /** The value's text, variables filled in: `8080` and `"8080"` give the same text. */
  readonly text: string;
  readonly isNull: boolean;
  /** Variables in the text that nothing sets. */
  readonly unset: readonly string[];
  readonly location: SourceLocation;
  readonly merging: Merging;
}

interface List {
  readonly kind: 'list';
  readonly items: readonly Tree[];
  readonly location: SourceLocation;
  readonly merging: Merging;
}

export interface Mapping {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MappingEntry>;
  readonly location: SourceLocation;
  readonly merging: Merging;
}

export interface MappingEntry {
  /** The location of the key. */
  readonly location: SourceLocation;
  readonly value: Tree;
}

/** How a value merges into the one below it: compose's tags `!override` and `!reset`. */
type Merging = 'merge' | 'override' | 'reset';

/** What compose itself, or a reader of the file, should know about a value. */
export interface Remark {
  /** `required`: a variable that nothing sets, as in `${TAG:?}`. `dollar`: a dollar sign that begins no variable. */
  readonly kind: 'required' | 'dollar';
  readonly location: SourceLocation;
  /** One line, safe to print. */
  readonly message: string;
}

/** Parses the documents of one file, in their order, and adds what is remarkable. @throws ComposeError */
export function parseTrees(text: string, file: string, variables: Variables, remarks: Remark[] = []): Tree[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const reader = new Reader(document, file, lines, { variables, remarks });
    const error = document.errors[0];
    if (error) throw new ComposeError(reader.locationAt(error.pos[0]), sentence(error.message));
    return document.contents === null ? [] : [reader.read(document.contents)];
  });
}

function sentence(message: string): string {
  const text = message.split('\n')[0] ?? '';
  return printable(text.slice(0, 1).toLowerCase() + text.slice(1).replace(/[:.]$/, ''));
}

class Reader {
  readonly #document: Document;
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #variables: Variables;
  readonly #remarks: Remark[];
  /**
   * Anchored values that were read. Each is read once, however often it is used: a few lines could grow to gigabytes.
   */
  readonly #read = new WeakMap<Node, Tree | 'reading'>();

  constructor(
    document: Document,
    file: string,
    lines: LineCounter,
    { variables, remarks }: { readonly variables: Variables; readonly remarks: Remark[] },
  ) {
    this.#document = document;
    this.#file = file;
    this.#lines = lines;
    this.#variables = variables;
    this.#remarks = remarks;
  }

  read(node: unknown): Tree {
    if (isAlias(node)) {
      const anchored = node.resolve(this.#document);
      if (!anchored) throw new ComposeError(this.#locationOf(node), `there is no anchor ${quoted(node.source)}`);
      return this.read(anchored);
    }
    if (!isScalar(node) && !isSeq(node) && !isMap(node)) return this.#leaf('', true, node);
    const known = this.#read.get(node);
    if (known === 'reading') throw new ComposeError(this.#locationOf(node), 'an anchor contains itself');
    if (known) return known;
    this.#read.set(node, 'reading');
    const tree = this.#build(node);
    this.#read.set(node, tree);
    return tree;
  }

  #build(node: Node): Tree {
    if (isSeq(node)) {
      return { kind: 'list', items: node.items.map((item) => this.read(item)), ...this.#aspects(node) };
    }
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node.items), ...this.#aspects(node) };
    const { value, source } = node as Scalar;
    const text = typeof value === 'string' ? value : (source ?? '');
    return this.#leaf(text, value === null, node);
  }

  /** The entries of a mapping. Entries from `<<` give way to those written beside it, wherever it stands. */
  #entries(pairs: readonly { readonly key: unknown; readonly value: unknown }[]): Map<string, MappingEntry> {
    const entries = new Map<string, MappingEntry>();
    const merged = new Map<string, MappingEntry>();
    for (const { key, value } of pairs) {
      if (isScalar(key) && key.source === '<<') {
        const source = this.read(value);
        for (const one of source.kind === 'list' ? source.items : [source]) {
          if (one.kind !== 'map') throw new ComposeError(one.location, '<< takes a mapping, or a list of them');
          for (const [name, entry] of one.entries) if (!merged.has(name)) merged.set(name, entry);
        }
        continue;
      }
      const location = this.#locationOf(key);
      const name = this.#keyText(key, location);
      entries.set(name, { location, value: this.read(value) });
    }
    for (const [name, entry] of merged) if (!entries.has(name)) entries.set(name, entry);
    return entries;
  }

  /** The text of a key, as written: compose fills variables into values only. */
  #keyText(key: unknown, location: SourceLocation): string {
    const node = isAlias(key) ? key.resolve(this.#document) : key;
    if (!isScalar(node)) throw new ComposeError(location, 'a key must be text');
    return typeof node.value === 'string' ? node.value : (node.source ?? '');
  }

  #leaf(source: string, isNull: boolean, node: unknown): Leaf {
    const aspects = this.#aspects(node);
    const result = interpolate(source, this.#variables);
    if (result.kind === 'malformed') {
      throw new ComposeError(aspects.location, `malformed variable in ${quoted(source)}; write $$ for a dollar sign`);
    }
    const { location } = aspects;
    for (const [name, reason] of result.required) {
      const why = reason === '' ? '' : `: ${printable(reason)}`;
      this.#remarks.push({
        kind: 'required',
        location,
        message: `nothing sets ${name}, without which compose does not start${why}`,
      });
    }
    if (result.strayDollar) {
      const message = `a dollar sign in ${quoted(source)} begins no variable; compose leaves it as it is`;
      this.#remarks.push({ kind: 'dollar', location, message });
    }
    return { kind: 'leaf', text: result.text, isNull, unset: result.unset, ...aspects };
  }

  #aspects(node: unknown): { readonly location: SourceLocation; readonly merging: Merging } {
    const tag = typeof node === 'object' && node !== null && 'tag' in node ? node.tag : undefined;
    return {
      location: this.#locationOf(node),
      merging: tag === '!reset' ? 'reset' : tag === '!override' ? 'override' : 'merge',
    };
  }

  #locationOf(node: unknown): SourceLocation {
    const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    const start: unknown = Array.isArray(range) ? range[0] : 0;
    return this.locationAt(typeof start === 'number' ? start : 0);
  }

  locationAt(offset: number): SourceLocation {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}
