import { namesByField, type RouteOption } from '../config/options/option.ts';
import { poolOptions } from '../config/options/pool.ts';
import type { PoolOptions } from '../relay/boundary/table.ts';
import { listed } from '../text/listed.ts';
import { namesOf, nameOf, type Declaration, type Declarer } from './declaration.ts';
import type { Problem } from './problem.ts';

/**
 * Makes one value of an option out of those that a service's replicas declare. Restrictions combine to the strictest,
 * so that a service is never open to more clients than each replica admits. Of another option the value of most
 * replicas applies, else that of the oldest. Where the configuration declares the service, its value does. Pure.
 */
export interface Vote<T> {
  readonly by: Declarer;
  readonly value: T;
}

/** An option on which replicas disagree. */
export interface Difference {
  /** The option's name. */
  readonly option: string;
  readonly restricts: boolean;
  /** The declarers of another value than the one that most have, oldest first. */
  readonly dissenters: readonly Declarer[];
}

export interface Decision<T> {
  readonly value: T;
  readonly dissenters: readonly Declarer[];
}

/** `votes` are sorted by seniority and never empty. A container has one vote for a value, however often it says it. */
export function decide<T>(votes: readonly Vote<T>[]): Decision<T> {
  const [oldest] = votes as readonly [Vote<T>];
  if (votes.every(({ value }) => isAlike(value, oldest.value))) return { value: oldest.value, dissenters: [] };
  const ballots = new Map<string, { readonly value: T; readonly voters: Set<string> }>();
  for (const { by, value } of votes) {
    if (oldest.by.kind === 'static' && by.kind === 'container') continue;
    const ballot = ballots.get(keyOf(value)) ?? { value, voters: new Set() };
    ballots.set(keyOf(value), ballot);
    ballot.voters.add(by.kind === 'container' ? by.id : '');
  }
  // Ballots are in the order of seniority, so that of two with as many voters the older one stays.
  const { value } = [...ballots.values()].reduce((best, one) => (one.voters.size > best.voters.size ? one : best));
  return { value, dissenters: votes.filter((one) => !isAlike(one.value, value)).map(({ by }) => by) };
}

/** The pool options of a service; `group` has its declarations, senior ones first. */
export function decidePool(group: readonly Declaration[]): {
  readonly pool: PoolOptions;
  readonly differences: readonly Difference[];
} {
  const [oldest] = group as readonly [Declaration];
  const differences: Difference[] = [];
  const decided: Partial<Record<keyof PoolOptions, unknown>> = {};
  for (const field of poolFields) {
    const option = optionOf[field];
    const votes = group.map(({ declaredBy, pool }): Vote<unknown> => ({ by: declaredBy, value: pool[field] }));
    const { value, dissenters } = decide(votes);
    if (dissenters.length === 0) continue;
    const declared = declarations[option];
    const restricts = declared?.stricter !== undefined;
    decided[field] = restricts ? distinct(votes).reduce((one, other) => declared.stricter?.(one, other)) : value;
    differences.push({ option, restricts, dissenters });
  }
  return {
    pool: differences.length === 0 ? oldest.pool : { ...oldest.pool, ...(decided as Partial<PoolOptions>) },
    differences,
  };
}

/** The problem of replicas that disagree; none where they do not. */
export function disagreement(service: string, differences: readonly Difference[]): Problem[] {
  if (differences.length === 0) return [];
  const dissenters = new Map(differences.flatMap((one) => one.dissenters.map((by) => [nameOf(by), by])));
  const [first] = dissenters.values();
  const who = listed(namesOf(dissenters.values()));
  const strict = differences.filter(({ restricts }) => restricts).map(({ option }) => option);
  const other = differences.filter(({ restricts }) => !restricts).map(({ option }) => option);
  const rules = [
    ...(strict.length > 0 ? [`for ${strict.join(', ')} the restrictions of all apply together`] : []),
    ...(other.length > 0 ? [`for ${other.join(', ')} the value of most applies, else that of the oldest`] : []),
  ];
  return [
    {
      code: 'labels-differ',
      subject: service,
      ...(first?.kind === 'container' ? { containerId: first.id, route: first.route } : {}),
      message: `its replicas disagree, and ${who} ${dissenters.size > 1 ? 'differ' : 'differs'}: ${rules.join('; ')}`,
      fix: `Recreate ${who} with the labels of the others, or with another pool.`,
    },
  ];
}

/** Compares options, which are plain values, or lists and records of them. */
function isAlike(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && keyOf(a) === keyOf(b));
}

const optionOf: Readonly<Record<keyof PoolOptions, string>> = namesByField(poolOptions);
const declarations: Readonly<Record<string, RouteOption>> = poolOptions;
const poolFields = Object.keys(optionOf) as (keyof PoolOptions)[];

/** The values that the votes are for, each once. */
export function distinct<T>(votes: readonly Vote<T>[]): T[] {
  return [...new Map(votes.map(({ value }) => [keyOf(value), value])).values()];
}

function keyOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
