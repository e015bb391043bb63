/**
 * Fills variables into compose files: `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?error}`,
 * `${VAR?error}`, `${VAR:+other}`, `${VAR+other}`, nested, and `$$` for a dollar sign. A dollar sign before a character
 * that begins neither a name nor a brace stays as it is, as in compose. Pure.
 * https://docs.docker.com/reference/compose-file/interpolation/
 */
export type Variables = (name: string) => string | undefined;

type Interpolated =
  | {
      readonly kind: 'text';
      readonly text: string;
      /** Variables that were empty because nothing sets them. */
      readonly unset: readonly string[];
      /** Those of them without which compose does not start, each with the file's own message, which may be empty. */
      readonly required: ReadonlyMap<string, string>;
      /** Whether the text has a dollar sign that begins no variable and is not doubled. */
      readonly strayDollar: boolean;
    }
  /** Malformed text, which compose refuses as well. `at`: the offset. */
  | { readonly kind: 'malformed'; readonly at: number };

interface Braced {
  readonly text: string;
  readonly end: number;
}

/** The variables that are missing in a text, or in the argument of a variable, which may not be used. */
interface Missing {
  readonly unset: Set<string>;
  readonly required: Map<string, string>;
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
  const missing: Missing = { unset: new Set(), required: new Map() };
  try {
    const reader = new Reader(source, variables);
    const text = source.includes('$') ? reader.text(0, 0, missing).text : source;
    return { kind: 'text', text, ...missing, unset: [...missing.unset], strayDollar: reader.strayDollar };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', at: error.at };
    throw error;
  }
}

class Reader {
  readonly #source: string;
  readonly #variables: Variables;
  strayDollar = false;

  constructor(source: string, variables: Variables) {
    this.#source = source;
    this.#variables = variables;
  }

  /** Reads to the end of the text, or within braces (`depth` > 0) to the brace that closes them. */
  text(from: number, depth: number, missing: Missing): Braced {
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
      const next = this.#variable(index, depth, missing);
      text += next.text;
      index = next.end;
    }
    if (depth > 0) throw new Malformed(from);
    return { text, end: index };
  }

  #variable(at: number, depth: number, missing: Missing): Braced {
    const next = this.#source[at + 1];
    if (next === '$') return { text: '$', end: at + 2 };
    const braced = next === '{';
    const name = this.#match(nameAt, at + (braced ? 2 : 1));
    if (name === undefined) {
      if (braced) throw new Malformed(at);
      this.strayDollar = true;
      return { text: '$', end: at + 1 };
    }
    const after = at + (braced ? 2 : 1) + name.length;
    const value = this.#variables(name);
    if (!braced) return { text: this.#valueOr(name, value, missing), end: after };
    if (this.#source[after] === '}') return { text: this.#valueOr(name, value, missing), end: after + 1 };
    const operator = this.#match(operatorAt, after);
    if (operator === undefined) throw new Malformed(at);
    // Unset variables within a default count only where the default is used.
    const within: Missing = { unset: new Set(), required: new Map() };
    const argument = this.text(after + operator.length, depth + 1, within);
    const isSet = value !== undefined && (operator.length === 1 || value !== '');
    return {
      text: this.#choose(operator, { name, value, isSet }, argument.text, within, missing),
      end: argument.end + 1,
    };
  }

  #choose(
    operator: string,
    { name, value, isSet }: { readonly name: string; readonly value: string | undefined; readonly isSet: boolean },
    argument: string,
    within: Missing,
    missing: Missing,
  ): string {
    const useArgument = (): string => {
      for (const one of within.unset) missing.unset.add(one);
      for (const [one, message] of within.required) missing.required.set(one, message);
      return argument;
    };
    switch (operator.at(-1)) {
      case '-':
        return isSet ? (value ?? '') : useArgument();
      case '+':
        return isSet ? useArgument() : '';
      default:
        if (!isSet) missing.required.set(name, argument);
        return isSet ? (value ?? '') : this.#valueOr(name, undefined, missing);
    }
  }

  #valueOr(name: string, value: string | undefined, missing: Missing): string {
    if (value === undefined) missing.unset.add(name);
    return value ?? '';
  }

  #match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.#source)?.[0];
  }
}
