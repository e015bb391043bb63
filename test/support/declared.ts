import type { DeclaredUpstream } from '../../src/catalog/declaration.ts';

/** An upstream as it is declared; name only what the test is about. `name` is its key too. */
export function declaredUpstream(name: string, over: Partial<DeclaredUpstream> = {}): DeclaredUpstream {
  return {
    key: name,
    run: { id: name, startedAtNs: 1n },
    name,
    endpoints: [{ host: '10.0.0.1', port: 80 }],
    weight: 1,
    backup: false,
    maxConnections: undefined,
    slowStartMs: 0,
    health: { kind: 'none' },
    condition: { kind: 'running', health: 'none' },
    drainMs: 0,
    ...over,
  };
}
