import { expect, it } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog } from '../../../../src/catalog/catalog.ts';
import { diffCatalogs } from '../../../../src/catalog/diff.ts';
import { declare } from '../../../support/sealane/admin-source.ts';
import { declaredUpstream } from '../../../support/declared.ts';

/** A service whose replicas are all suspect, each with a reason of its own. */
const unanswered = (replicas: number, before: Catalog, nowMs: number): Catalog => {
  const names = Array.from({ length: replicas }, (_, index) => `api-${100 + index}`);
  const declarations = names.map((name) => declare('api', declaredUpstream(name, { health: { kind: 'readiness' } })));
  const verdictOf = (key: string) => ({ kind: 'suspect', reason: `ECONNREFUSED ${key}` }) as const;
  const world = { declarations, problems: [], isAlive: () => true, verdictOf, listeners: new Map() };
  return nextCatalog(before, world, nowMs);
};

it('a service whose many replicas do not answer has a problem with the reasons of three of them', () => {
  const { problems } = unanswered(200, unanswered(200, emptyCatalog, 0), 2_000);
  expect(problems.map(({ message }) => message)).toEqual([
    'none of its upstreams answers (ECONNREFUSED api-100; ECONNREFUSED api-101; ECONNREFUSED api-102; 197 more); ' +
      'all of them are tried for every client',
  ]);
  const few = unanswered(3, unanswered(3, emptyCatalog, 0), 2_000);
  expect(few.problems[0]?.message).toContain('(ECONNREFUSED api-100; ECONNREFUSED api-101; ECONNREFUSED api-102);');
});

it('the problem is logged once, even if replicas that do not answer leave', () => {
  const many = unanswered(200, unanswered(200, emptyCatalog, 0), 2_000);
  const fewer = unanswered(199, many, 3_000);
  const events = diffCatalogs(many, fewer).map(({ event }) => event);
  expect(events.filter((event) => event.startsWith('problem'))).toEqual([]);
});

it.each([
  ['paused', { condition: { kind: 'paused' } }, /paused for more than 10s/, /docker unpause api-1$/],
  [
    'unhealthy',
    { health: { kind: 'docker' }, condition: { kind: 'running', health: 'unhealthy' } },
    /unhealthy for more than 10s: its HEALTHCHECK fails/,
    /docker inspect .* api-1$/,
  ],
  [
    'never-ready',
    { health: { kind: 'docker' }, condition: { kind: 'running', health: 'starting' } },
    /not ready after 10s: its HEALTHCHECK has not passed yet/,
    /docker inspect .* api-1$/,
  ],
] as const)('an upstream that stays %s is a problem of its service', (code, over, message, fix) => {
  const declarations = [declare('api', declaredUpstream('api-1', over))];
  const world = { declarations, problems: [], isAlive: () => true, verdictOf: () => undefined, listeners: new Map() };
  const first = nextCatalog(emptyCatalog, world, 0);
  expect(first).toMatchObject({ problems: [], nextDeadlineMs: 10_000 });
  const { problems } = nextCatalog(first, world, 10_000);
  expect(problems).toMatchObject([{ code, subject: 'api-1', containerId: 'api-1' }]);
  expect(problems[0]?.message).toMatch(message);
  expect(problems[0]?.fix).toMatch(fix);
});

it('a paused container with two routes is one problem', () => {
  const paused = declaredUpstream('api-1', { condition: { kind: 'paused' } });
  const declarations = [declare('api', paused), declare('admin', { ...paused, key: 'api-1:81' }, { port: 81 })];
  const world = { declarations, problems: [], isAlive: () => true, verdictOf: () => undefined, listeners: new Map() };
  const { problems } = nextCatalog(nextCatalog(emptyCatalog, world, 0), world, 10_000);
  expect(problems.map(({ code, subject }) => `${code} ${subject}`)).toEqual(['paused api-1']);
});
