import type { z } from 'zod';

/** Defines how a value is read from text, and how it is described to people. */
export interface ValueKind<T> {
  readonly schema: z.ZodType<T>;
  /** The accepted texts, for people. */
  readonly value: string;
  /** Prints a value as it would be written; `String` unless given. */
  show?(value: T): string;
}

/**
 * Declares an option of a route, which is a label of a container and a key of a static service. Labels, the
 * configuration file, `sealane check` and the reference in the docs are all derived from this declaration.
 */
export interface RouteOption<Field extends string = string> extends ValueKind<unknown> {
  /** The field that gets the value; undefined for an option whose value is not copied unchanged. */
  readonly field?: Field;
  /** The field's value when the option is not written. */
  readonly default?: unknown;
  /** What applies when the option is not written, for people; the printed `default` unless given. */
  readonly fallback?: string;
  readonly description: string;
  /** The value is a list: several texts stand for one with commas between them. */
  readonly list?: true;
  /**
   * What happens to the route when the value is malformed, or the option's name mistyped: `refuse` if serving it
   * without the option could expose it or send clients to the wrong place, else `fallback`.
   */
  readonly onMistake: 'refuse' | 'fallback';
  /** A static service does not have this option. */
  readonly containerOnly?: true;
  /** Written without a route's name, the option makes a route of its own beside the named ones. */
  readonly makesRoute?: true;
  /** Written with a route's name, the option says that there is such a route; others only change one. */
  readonly declaresRoute?: true;
  /** Written without a route's name, the option is not a default for the named routes. */
  readonly ownRouteOnly?: true;
  /**
   * The option restricts which clients are admitted, or how many. Where the replicas of a service have different
   * values, the service gets the strictest: this returns a value that admits only what both values admit.
   */
  stricter?(one: unknown, other: unknown): unknown;
}

/** Options by name; `Field` names the fields that get their values. */
export type OptionTable<Field extends string = string> = Readonly<Record<string, RouteOption<Field>>>;

/** The values read for a table's options, by name; an option that is not written is absent. */
export type ValuesOf<T extends OptionTable> = { readonly [Name in keyof T]?: z.output<T[Name]['schema']> };

type Landing<T extends OptionTable> = { [Name in keyof T]: T[Name] extends { field: string } ? Name : never }[keyof T];
type DefaultOf<O> = O extends { default: infer D } ? D : undefined;

/** The fields that get the values of a table's options. */
type Landed<T extends OptionTable> = {
  readonly [Name in Landing<T> as T[Name] extends { field: infer Field extends string } ? Field : never]:
    | z.output<T[Name]['schema']>
    | DefaultOf<T[Name]>;
};

/** Fills each field with the value of its option, or with the default. */
export function land<T extends OptionTable>(table: T, values: ValuesOf<T>): Landed<T> {
  const fields = Object.entries<RouteOption>(table).flatMap(([name, { field, default: otherwise }]) =>
    field === undefined ? [] : [[field, values[name] ?? otherwise]],
  );
  return Object.fromEntries(fields) as Landed<T>;
}

/** The name of the option for each field. */
export function namesByField<T extends OptionTable>(table: T): { readonly [Field in keyof Landed<T>]: string } {
  const names = Object.entries<RouteOption>(table).flatMap(([name, { field }]) =>
    field === undefined ? [] : [[field, name]],
  );
  return Object.fromEntries(names) as { readonly [Field in keyof Landed<T>]: string };
}

/** What applies when the option is not written, for people. */
export function fallbackOf(option: RouteOption): string {
  if (option.fallback !== undefined) return option.fallback;
  return `\`${option.show ? option.show(option.default) : String(option.default)}\``;
}
