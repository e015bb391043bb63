/**
 * What to ask a Swarm's manager for next. Pure.
 */
export interface Due {
  readonly services: ReadonlySet<string> | 'all';
  readonly nodes: boolean;
  readonly tasks: ReadonlySet<string> | 'all';
}

export const nothingDue: Due = { services: new Set(), nodes: false, tasks: new Set() };

export const everythingDue: Due = { services: 'all', nodes: true, tasks: 'all' };

export function isNothing({ services, nodes, tasks }: Due): boolean {
  return !nodes && services !== 'all' && services.size === 0 && tasks !== 'all' && tasks.size === 0;
}

export function merged(a: Due, b: Due): Due {
  const services = union(a.services, b.services);
  return {
    services: services !== 'all' && services.size > mostServices ? 'all' : services,
    nodes: a.nodes || b.nodes,
    tasks: union(a.tasks, b.tasks),
  };
}

function union(a: Due['tasks'], b: Due['tasks']): Due['tasks'] {
  if (a === 'all' || b === 'all') return 'all';
  // Thousands of events may follow one another before the next call.
  return b.isSubsetOf(a) ? a : a.union(b);
}

/** The call for more services than this is one for all of them, which costs a manager little. */
const mostServices = 100;
