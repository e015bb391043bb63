import type { ProblemCode } from '../catalog/problem.ts';
import type { SourceLocation } from '../compose/location.ts';
import { printable } from '../text/printable.ts';

/** A mistake in a compose file, found without an engine. */
export interface Finding {
  /** A stable name of the kind of mistake. */
  readonly code: ProblemCode | CheckCode;
  /** A warning is shown, but the file is fine. Default: a problem. */
  readonly severity?: 'warning';
  readonly location: SourceLocation;
  /** The name of the service, as the file spells it: hostile text. Undefined for the file as a whole. */
  readonly service?: string;
  /** One line, safe to print. */
  readonly message: string;
  /** The one next thing to do. */
  readonly fix: string;
}

/** Codes of mistakes that only a compose file can hold. */
type CheckCode =
  /** A label that resembles one of Sealane's. */
  | 'label-near-miss'
  /** A label in a place from which no container gets it. */
  | 'label-misplaced'
  /** A label of a stack file that a Sealane without a manager does not read. */
  | 'label-unseen'
  /** A label of a stack file that has another value on the containers. */
  | 'label-overridden'
  /** An option that `docker stack deploy` ignores. */
  | 'not-in-stack'
  /** A port that a stack opens on all addresses, whatever the file says. */
  | 'port-open'
  /** A port of a stack behind which Sealane does not see the addresses of clients. */
  | 'client-address-lost'
  /** A listen port that no client can reach, since Sealane's container does not publish it. */
  | 'not-published'
  | 'publish-conflict'
  | 'network-undefined'
  /** A compose service that `sleep.with` names, and that is not in the file. */
  | 'service-undefined'
  | 'no-services'
  /** The engine's socket is not mounted into Sealane's container. */
  | 'socket-not-mounted'
  /** The authority for the certificates of names is lost with Sealane's container. */
  | 'authority-not-kept'
  /** A variable without which compose does not start. */
  | 'variable-required'
  /** A dollar sign that begins no variable. */
  | 'dollar'
  /** A mistake in Sealane's own flags or variables. */
  | 'setting-invalid';

/** Sorts findings by location, and joins those that several services share. */
export function inOrder(findings: readonly Finding[]): SharedFinding[] {
  const groups = Map.groupBy(findings, ({ code, location, message }) => JSON.stringify([code, location, message]));
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      return first ? { ...first, services: servicesOf(group) } : [];
    })
    .toSorted(
      (a, b) =>
        compare(a.location.file, b.location.file) ||
        a.location.line - b.location.line ||
        a.location.column - b.location.column ||
        compare(a.message, b.message),
    );
}

function servicesOf(group: readonly Finding[]): string[] {
  return [...new Set(group.flatMap(({ service }) => (service === undefined ? [] : printable(service))))];
}

/** A finding that several services may share. All of it but the location's file is safe to print. */
export type SharedFinding = Omit<Finding, 'service'> & { readonly services: readonly string[] };

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
