/**
 * What still works under an old name, declared once: docs, help texts and API schema say so with these words, and a test
 * fails once the version is reached that no longer has it. docs/versions.md tells users.
 */
export interface Deprecation {
  /** `metric` or `field of the API`. */
  readonly kind: string;
  readonly name: string;
  /** What replaces it. */
  readonly use: string;
  /** The first version without it. */
  readonly removedIn: string;
}

export const deprecations = {
  listenersMetric: {
    kind: 'metric',
    name: 'sealane_admin_listeners',
    use: 'sealane_admin_subscribers',
    removedIn: '0.2.0',
  },
  listenersDroppedMetric: {
    kind: 'metric',
    name: 'sealane_admin_listeners_dropped_total',
    use: 'sealane_admin_subscribers_dropped_total',
    removedIn: '0.2.0',
  },
  statusEngine: { kind: 'field of the API', name: 'engine of Status', use: 'engines', removedIn: '0.2.0' },
  routeNames: { kind: 'field of the API', name: 'names of Route', use: 'selectors', removedIn: '0.2.0' },
} as const satisfies Record<string, Deprecation>;

/** `Deprecated, and removed in 0.2.0: use selectors.` */
export function deprecationNotice({ use, removedIn }: Deprecation): string {
  return `Deprecated, and removed in ${removedIn}: use ${use}.`;
}

/** What `version` should no longer have. A candidate, such as `0.2.0-rc.1`, counts as its version. */
export function overdue(
  version: string,
  declared: readonly Deprecation[] = Object.values(deprecations),
): readonly Deprecation[] {
  return declared.filter(({ removedIn }) => compareVersions(version, removedIn) >= 0);
}

function compareVersions(a: string, b: string): number {
  const [one, other] = [a, b].map((text) => text.split(/[.-]/, 3).map(Number));
  const differences = (one ?? []).map((part, index) => part - (other?.[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
