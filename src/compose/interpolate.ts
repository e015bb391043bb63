/**
 * Fills variables into compose files: `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?error}`,
 * `${VAR?error}`, `${VAR:+other}`, `${VAR+other}`, nested, and `$$` for a dollar sign. Pure.
 * https://docs.docker.com/reference/compose-file/interpolation/
 */
export type Variables = (name: string) => string | undefined;

type Interpolated =
  | {
      readonly kind: 'text';
      readonly text: string;
      /** Variables that were empty because nothing sets them. */
      readonly unset: readonly string[];
    }
  /** Malformed text, which compose refuses as well. `at`: the offset. */
  | { readonly kind: 'malformed'; readonly at: number };

interface Braced {
  readonly text: string;
  readonly end: number;
}

const nameAt = /[A-Za-z_][A-Za-z0-9_]*/y;
const operatorAt = /:?[-?+]/y;
/** The deepest nesting that is followed. */
const maxDepth = 20;

class Malformed extends Error {
  readonly at: number;
  constructor(at: number) {
    super('malformed');
    this.at = at;
  }
}

export function interpolate(source: string, variables: Variables): Interpolated {
  if (!source.includes('$')) return { kind: 'text', text: source, unset: [] };
  const unset = new Set<string>();
  try {
    const { text } = new Reader(source, variables, unset).text(0, 0);
    return { kind: 'text', text, unset: [...unset] };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', at: error.at };
    throw error;
  }
}

class Reader {
  readonly #source: string;
  readonly #variables: Variables;
  readonly #unset: Set<string>;

  constructor(source: string, variables: Variables, unset: Set<string>) {
    this.#source = source;
    this.#variables = variables;
    this.#unset = unset;
  }

  /** Reads to the end of the text, or within braces (`depth` > 0) to the brace that closes them. */
  text(from: number, depth: number, unset = this.#unset): Braced {
    if (depth > maxDepth) throw new Malformed(from);
    let text = '';
    let index = from;
    while (index < this.#source.length) {
      const char = this.#source[index];
      if (char === '}' && depth > 0) return { text, end: index };
      if (char !== '$') {
        text += char;
        index += 1;
        continue;
      }
      const next = this.#variable(index, depth, unset);
      text += next.text;
      index = next.end;
    }
    if (depth > 0) throw new Malformed(from);
    return { text, end: index };
  }

  #variable(at: number, depth: number, unset: Set<string>): Braced {
    const next = this.#source[at + 1];
    if (next === '$') return { text: '$', end: at + 2 };
    const braced = next === '{';
    const name = this.#match(nameAt, at + (braced ? 2 : 1));
    if (name === undefined) throw new Malformed(at);
    const after = at + (braced ? 2 : 1) + name.length;
    const value = this.#variables(name);
    if (!braced) return { text: this.#valueOr(name, value, unset), end: after };
    if (this.#source[after] === '}') return { text: this.#valueOr(name, value, unset), end: after + 1 };
    const operator = this.#match(operatorAt, after);
    if (operator === undefined) throw new Malformed(at);
    // Unset variables within a default count only where the default is used.
    const within = new Set<string>();
    const argument = this.text(after + operator.length, depth + 1, within);
    const isSet = value !== undefined && (operator.length === 1 || value !== '');
    return {
      text: this.#choose(operator, { name, value, isSet }, argument.text, within, unset),
      end: argument.end + 1,
    };
  }

  #choose(
    operator: string,
    { name, value, isSet }: { readonly name: string; readonly value: string | undefined; readonly isSet: boolean },
    argument: string,
    within: ReadonlySet<string>,
    unset: Set<string>,
  ): string {
    const useArgument = (): string => {
      for (const one of within) unset.add(one);
      return argument;
    };
    switch (operator.at(-1)) {
      case '-':
        return isSet ? (value ?? '') : useArgument();
      case '+':
        return isSet ? useArgument() : '';
      default:
        // `?`: compose would refuse to start without the variable; here it only counts as unset.
        return isSet ? (value ?? '') : this.#valueOr(name, undefined, unset);
    }
  }

  #valueOr(name: string, value: string | undefined, unset: Set<string>): string {
    if (value === undefined) unset.add(name);
    return value ?? '';
  }

  #match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.#source)?.[0];
  }
}
