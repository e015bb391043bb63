import type { Sifted } from '../json/kept-text.ts';
import type { Parsed } from '../parse.ts';

/**
 * Reads the elements of a list that is asked for again and again. An element with the same text as before is the same
 * object as before and costs no parsing; one that cannot be understood is reported once.
 */
export class RowMemory<T> {
  readonly #parse: (json: unknown) => Parsed<T | undefined>;
  readonly #onProblem: (id: string, why: string) => void;
  /** The rows of recent answers, and those of older ones that were not in a recent one. */
  #recent = new Map<string, Row<T>>();
  #older = new Map<string, Row<T>>();
  #longest = 0;

  /** A parsed value of undefined leaves the element out. */
  constructor(parse: (json: unknown) => Parsed<T | undefined>, onProblem: (id: string, why: string) => void) {
    this.#parse = parse;
    this.#onProblem = onProblem;
  }

  read(elements: readonly Sifted[]): readonly T[] {
    this.#longest = Math.max(this.#longest, elements.length);
    // Most of so many is gone: what is not asked for before there are as many again is forgotten.
    if (this.#recent.size > 2 * this.#longest + spare) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    return elements.flatMap((element) => this.#row(element) ?? []);
  }

  #row(element: Sifted): T | undefined {
    const text = element.kind === 'text' ? element.text : element.head;
    const id = idOf(text);
    const known = this.#recent.get(id) ?? this.#older.get(id);
    const row = known?.text === text ? known : this.#parsedRow(id, text, element.kind);
    this.#recent.set(id, row);
    return row.value;
  }

  #parsedRow(id: string, text: string, kind: Sifted['kind']): Row<T> {
    const parsed = kind === 'too-large' ? tooLargeRow : this.#parsed(text);
    if (!parsed.ok) this.#onProblem(id, parsed.why);
    return { text, value: parsed.ok ? parsed.value : undefined };
  }

  #parsed(text: string): Parsed<T | undefined> {
    try {
      return this.#parse(JSON.parse(text));
    } catch {
      return { ok: false, why: 'not JSON' };
    }
  }
}

interface Row<T> {
  readonly text: string;
  readonly value: T | undefined;
}

const tooLargeRow = { ok: false, why: 'it has too many labels for Sealane' } as const;

/** The rows of tasks that ended a moment ago are no burden. */
const spare = 1000;

/** The id stands first in each element; if it did not, more would be parsed, and nothing worse. */
function idOf(text: string): string {
  return /"ID":"([^"\\]*)"/.exec(text)?.[1] ?? '';
}
