import type { ImportGraph } from './import-graph.ts';

/**
 * The rooms of `src/` and what each may import: one line for each room, in the order of the flow. A line may name only
 * lines above it: whole rooms, or one file of a room. docs/architecture.md says what each room owns.
 */
export type ImportRules = Readonly<Record<string, readonly string[]>>;

export const importRules: ImportRules = {
  text: [],
  built: [],
  time: [],
  'version.ts': [],
  'deprecations.ts': [],
  address: ['text'],
  network: ['address'],
  'relay/boundary': ['address', 'time'],
  telemetry: ['relay/boundary', 'text', 'time'],
  config: ['address', 'relay/boundary', 'telemetry', 'text'],
  docker: [
    ...['address', 'config/config-error.ts', 'config/engine-actions.ts', 'config/engine-choice.ts', 'network', 'text'],
    'time',
  ],
  swarm: ['docker', 'telemetry', 'text', 'time'],
  catalog: ['address', 'config', 'docker/engine-status.ts', 'relay/boundary', 'telemetry/log-events.ts', 'text'],
  health: ['address', 'catalog', 'network', 'relay/boundary', 'text', 'time'],
  certificates: ['address', 'catalog', 'config', 'relay/boundary', 'text', 'time'],
  discovery: ['address', 'catalog', 'config', 'docker', 'relay/boundary', 'telemetry', 'text', 'time'],
  reconcile: ['catalog', 'relay/boundary', 'text', 'time'],
  activation: ['catalog', 'text', 'time'],
  joining: ['catalog', 'docker', 'text', 'time'],
  'relay/wire': ['address', 'relay/boundary', 'text'],
  'relay/driver': ['address', 'network', 'relay/boundary', 'relay/wire', 'text', 'time'],
  'relay/upstreams': ['address', 'relay/boundary', 'relay/driver', 'time'],
  'relay/intake': ['address', 'relay/boundary', 'relay/driver', 'relay/wire', 'time'],
  'relay/sessions': [
    ...['address', 'relay/boundary', 'relay/driver', 'relay/intake', 'relay/upstreams', 'relay/wire', 'time'],
  ],
  'relay/worker': ['relay/boundary', 'relay/driver', 'relay/intake', 'relay/sessions', 'time'],
  'relay/plane': ['address', 'built', 'relay/boundary', 'relay/driver/choose-driver.ts', 'telemetry', 'time'],
  compose: ['address', 'config', 'text'],
  check: ['address', 'catalog', 'compose', 'config', 'discovery', 'docker', 'text'],
  admin: [
    'activation/activation.ts',
    'address',
    'built',
    'catalog',
    'deprecations.ts',
    'docker/engine-status.ts',
    'relay/boundary',
    'telemetry',
    'text',
    'time',
  ],
  dashboard: ['admin/schema.ts', 'admin/status-schema.ts', 'admin/event-schema.ts', 'text'],
  daemon: [
    ...[
      'activation',
      'address',
      'admin',
      'catalog',
      'certificates',
      'config',
      'discovery',
      'docker',
      'health',
      'joining',
      'network',
      'reconcile',
    ],
    ...['relay/boundary', 'relay/driver/choose-driver.ts', 'relay/plane', 'swarm', 'telemetry', 'text', 'time'],
    'version.ts',
  ],
  demo: ['built', 'docker', 'network', 'text', 'version.ts'],
  cli: [
    ...[
      'address',
      'admin',
      'built',
      'catalog/swap/service-meant.ts',
      'certificates',
      'check',
      'compose',
      'config',
      'daemon',
    ],
    ...[
      'demo',
      'docker',
      'network',
      'relay/boundary',
      'relay/driver/choose-driver.ts',
      'telemetry',
      'text',
      'version.ts',
    ],
  ],
  'main.ts': ['cli', 'version.ts'],
  'single-executable.ts': ['cli'],
};

/**
 * The room of a file (a path relative to `src/`): its folder, its folder within `relay/`, or the file itself at the
 * top.
 */
export function roomOf(file: string): string {
  const [first = '', second = '', third] = file.split('/');
  return first === 'relay' && third !== undefined ? `relay/${second}` : first;
}

/** The violations of `rules` in `graph`: one line for each forbidden import, and for each file without a rule. */
export function importFaults(graph: ImportGraph, rules: ImportRules = importRules): string[] {
  return [...graph].flatMap(([file, imports]) => {
    const room = roomOf(file);
    const allowed = rules[room];
    if (allowed === undefined) return [`${file}: the room ${room} has no line in the import rules`];
    return imports
      .filter((other) => !other.startsWith('..') && roomOf(other) !== room)
      .filter((other) => !allowed.includes(roomOf(other)) && !allowed.includes(other))
      .map((other) => `${file} must not import ${other}: ${room} may import ${allowed.join(', ') || 'no other room'}`);
  });
}

/** The imports that `rules` allow and `graph` does not contain: each could let a wrong import pass unnoticed. */
export function unusedAllowances(graph: ImportGraph, rules: ImportRules = importRules): string[] {
  const used = new Set(
    [...graph].flatMap(([file, imports]) =>
      imports.flatMap((other) => [`${roomOf(file)} ${roomOf(other)}`, `${roomOf(file)} ${other}`]),
    ),
  );
  return Object.entries(rules).flatMap(([room, allowed]) =>
    allowed.filter((other) => !used.has(`${room} ${other}`)).map((other) => `${room} does not import ${other}`),
  );
}

/** The entries of `rules` that name a room which is not above their line. */
export function rulesAgainstTheFlow(rules: ImportRules = importRules): string[] {
  const order = Object.keys(rules);
  return Object.entries(rules).flatMap(([room, allowed], position) =>
    allowed
      .map((other) => [other, order.indexOf(order.includes(other) ? other : roomOf(other))] as const)
      .filter(([, at]) => at < 0 || at >= position)
      .map(([other]) => `${room} may import ${other}, which does not stand above it`),
  );
}
