import type { z } from 'zod';

/** How a value is read from text, and how it is described to people. */
export interface ValueKind<T> {
  readonly schema: z.ZodType<T>;
  /** What may be written. */
  readonly value: string;
  /** A value as it would be written; String unless given. */
  show?(value: T): string;
}

/**
 * An option of a route: a label of a container, and an option of a static service. Everything that concerns it by its
 * name is declared here; labels, the configuration file, `sealane check` and the reference in the docs read it.
 */
export interface RouteOption<Field extends string = string> extends ValueKind<unknown> {
  /** The field that takes the value where the option lands; none for what is not taken over as it is. */
  readonly field?: Field;
  /** The field's value where the option is not written. */
  readonly default?: unknown;
  /** What holds where it is not written, for people; the default as it would be written, unless given. */
  readonly fallback?: string;
  readonly description: string;
  /**
   * What happens to the route when the value is malformed: `refuse` where serving it anyway could expose it or send
   * clients to the wrong place, else `fallback`.
   */
  readonly onMistake: 'refuse' | 'fallback';
  /** Makes no sense for a static service. */
  readonly containerOnly?: true;
  /** Written without a route's name it makes a route of its own, beside the named ones. */
  readonly makesRoute?: true;
  /** Written without a route's name it is no default for the named routes. */
  readonly ownRouteOnly?: true;
  /** Keeps clients out: where it is mistyped, the route is not served without it. */
  readonly isGuard?: true;
}

/** Options by their names; they land on these fields. */
export type OptionTable<Field extends string = string> = Readonly<Record<string, RouteOption<Field>>>;

/** What has been read of options, by their names; absent where not written. */
export type ValuesOf<T extends OptionTable> = { readonly [Name in keyof T]?: z.output<T[Name]['schema']> };

type Landing<T extends OptionTable> = { [Name in keyof T]: T[Name] extends { field: string } ? Name : never }[keyof T];
type DefaultOf<O> = O extends { default: infer D } ? D : undefined;

/** The fields of a table's options. */
type Landed<T extends OptionTable> = {
  readonly [Name in Landing<T> as T[Name] extends { field: infer Field extends string } ? Field : never]:
    | z.output<T[Name]['schema']>
    | DefaultOf<T[Name]>;
};

/** Each field with the value that was written for it, else its default. */
export function land<T extends OptionTable>(table: T, values: ValuesOf<T>): Landed<T> {
  const fields = Object.entries<RouteOption>(table).flatMap(([name, { field, default: otherwise }]) =>
    field === undefined ? [] : [[field, values[name] ?? otherwise]],
  );
  return Object.fromEntries(fields) as Landed<T>;
}

/** The option that lands on each field. */
export function namesByField<T extends OptionTable>(table: T): { readonly [Field in keyof Landed<T>]: string } {
  const names = Object.entries<RouteOption>(table).flatMap(([name, { field }]) =>
    field === undefined ? [] : [[field, name]],
  );
  return Object.fromEntries(names) as { readonly [Field in keyof Landed<T>]: string };
}

/** What holds where the option is not written, for people. */
export function fallbackOf(option: RouteOption): string {
  if (option.fallback !== undefined) return option.fallback;
  return `\`${option.show ? option.show(option.default) : String(option.default)}\``;
}
