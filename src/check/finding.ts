import type { ProblemCode } from '../catalog/problem.ts';
import type { Place } from '../compose/place.ts';
import { printable } from '../text/printable.ts';

/** A mistake in a compose file, found without an engine. */
export interface Finding {
  /** Stable. */
  readonly code: ProblemCode | CheckCode;
  readonly place: Place;
  /** The service it is about, as the file has it: hostile text. */
  readonly service: string;
  /** One line, safe to print. */
  readonly message: string;
  /** The one next thing to do. */
  readonly fix: string;
}

/** What only a compose file can get wrong. */
export type CheckCode =
  /** A label that looks like ours. */
  | 'label-near-miss'
  /** A label where no container has it. */
  | 'label-misplaced'
  /** A port on which nobody can reach Sealane. */
  | 'not-published'
  | 'publish-conflict'
  | 'network-undefined'
  /** Sealane's own flags or variables. */
  | 'setting-invalid';

/** By place, each once: a mistake in what several services share is theirs together. */
export function inOrder(findings: readonly Finding[]): SharedFinding[] {
  const groups = Map.groupBy(findings, ({ code, place, message }) => JSON.stringify([code, place, message]));
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      return first ? { ...first, services: [...new Set(group.map(({ service }) => printable(service)))] } : [];
    })
    .toSorted(
      (a, b) =>
        compare(a.place.file, b.place.file) ||
        a.place.line - b.place.line ||
        a.place.column - b.place.column ||
        compare(a.message, b.message),
    );
}

/** All of it safe to print but the place's file. */
export type SharedFinding = Omit<Finding, 'service'> & { readonly services: readonly string[] };

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
