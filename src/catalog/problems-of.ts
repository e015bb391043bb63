import type { Catalog } from './catalog.ts';
import { subjectOf, type Problem } from './problem.ts';

/**
 * Finds the problems of each service: those about the service, about its containers, and about its listen addresses.
 * Pure.
 */
export function problemsByService(catalog: Catalog): ReadonlyMap<string, readonly Problem[]> {
  const known = memo.get(catalog) ?? indexProblems(catalog);
  memo.set(catalog, known);
  return known;
}

/** The index of each catalog is kept, since a catalog never changes and many callers ask for it. */
const memo = new WeakMap<Catalog, ReadonlyMap<string, readonly Problem[]>>();

function indexProblems({ services, problems }: Catalog): ReadonlyMap<string, readonly Problem[]> {
  const found = new Map<string, Problem[]>();
  if (problems.length === 0) return found;
  const byContainer = new Map<string, Set<string>>();
  const byListen = new Map<string, Set<string>>();
  for (const { name, declarers, upstreams, routes } of services.values()) {
    for (const declarer of declarers) if (declarer.kind === 'container') note(byContainer, declarer.id, name);
    for (const { declared } of upstreams) if (declared.run) note(byContainer, declared.run.id, name);
    for (const { listen } of routes) note(byListen, listen, name);
  }
  for (const problem of problems) {
    const concerned = new Set(problem.containerId === undefined ? [] : byContainer.get(problem.containerId));
    // The subject is compared only if its kind fits: a file or a container may have the name of an unrelated service.
    const about = subjectOf(problem.code);
    if (about === 'listener') for (const service of byListen.get(problem.subject) ?? []) concerned.add(service);
    if (about === 'service' && services.has(problem.subject)) concerned.add(problem.subject);
    for (const service of problem.services ?? []) if (services.has(service)) concerned.add(service);
    for (const service of concerned) {
      const known = found.get(service);
      if (known) known.push(problem);
      else found.set(service, [problem]);
    }
  }
  return found;
}

function note(index: Map<string, Set<string>>, key: string, service: string): void {
  const known = index.get(key);
  if (known) known.add(service);
  else index.set(key, new Set([service]));
}
