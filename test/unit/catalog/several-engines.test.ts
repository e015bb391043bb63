import { describe, expect, it } from 'vitest';
import type { Declaration, DeclaredUpstream } from '../../../src/catalog/declaration.ts';
import { explain } from '../../../src/catalog/explain.ts';
import type { ContainerView, EngineView } from '../../../src/catalog/explain/world.ts';
import type { Verdict } from '../../../src/catalog/upstream.ts';
import { declaredUpstream } from '../../support/declared.ts';
import { containerView } from '../../support/facts.ts';
import { catalogOf, declare, engineView, explainWorld } from '../../support/sealane/admin-source.ts';

const away = { kind: 'disconnected', reason: 'connection refused' } as const;
const [a, b, lost] = [engineView({ name: 'a' }), engineView({ name: 'b' }), engineView({ name: 'b', status: away })];

function on(engine: string, service: string, port: number, over: Partial<DeclaredUpstream> = {}): Declaration {
  const name = `web@${engine}`;
  const declared = declare(service, declaredUpstream(name, { engine, ...over }), { port, id: name });
  return { ...declared, declaredBy: { ...declared.declaredBy, engine } as Declaration['declaredBy'] };
}

const apart = catalogOf([on('a', 'web@a', 80), on('b', 'web@b', 81, { condition: { kind: 'paused' } })]);
const pooled = catalogOf([on('a', 'shop', 80), on('b', 'shop', 80)]);
const stopped = (engine: string): ContainerView =>
  containerView({ id: engine, name: `job@${engine}`, engine, state: 'exited' });
const textsOf = (text: string, engines: readonly EngineView[]): string[] =>
  explain(text, explainWorld(pooled, { engines })).steps.map((step) => step.text);

describe('why, with several engines', () => {
  it('takes a name for the services of all engines that have it, and one with the engine for that one', () => {
    const world = explainWorld(apart, { engines: [a, b] });
    expect(explain('web', world)).toMatchObject({ services: ['web@a', 'web@b'], cause: 'paused' });
    expect(explain('web@a', world)).toMatchObject({ services: ['web@a'], cause: 'fine' });
    expect(explain('wbe', world).suggestions[0]).toBe('web');
  });

  it('gives commands with the name that the engine knows, and says on which engine', () => {
    const { next, problems } = explain('web@b', explainWorld(apart, { engines: [a, b] }));
    expect([next, problems]).toEqual(['on engine b: docker unpause web', []]);
    const ended = explain('job', explainWorld(apart, { engines: [a, b], inspected: [stopped('b')] }));
    expect(ended).toMatchObject({ kind: 'container', cause: 'stopped', next: 'on engine b: docker start job' });
  });

  it('asks back where containers of several engines have the name', () => {
    const inspected = [stopped('a'), stopped('b')];
    expect(explain('job', explainWorld(apart, { engines: [a, b], inspected }))).toMatchObject({
      cause: 'ambiguous',
      suggestions: ['job@a', 'job@b'],
      next: 'Ask for one of them: sealane why job@a',
    });
  });

  it('names the engine that is out of reach, and what is served as it was last known', () => {
    expect(explain('shop', explainWorld(pooled, { engines: [a, lost] }))).toMatchObject({
      verdict: 'degraded',
      cause: 'engine-unreachable',
      summary: 'shop is served on 127.0.0.1:80 as last known: engine b is out of reach: connection refused',
    });
    const only = catalogOf([on('a', 'web@a', 80)]);
    expect(explain('web', explainWorld(only, { engines: [a, lost] })).cause).toBe('fine');
    expect(textsOf('shop', [a, lost])).toEqual(
      expect.arrayContaining(['engine a is watched', 'engine b is out of reach: connection refused']),
    );
  });

  it('says of an upstream that is not ready first that its engine is out of reach', () => {
    const verdict: Verdict = { kind: 'suspect', reason: 'it did not answer' };
    const declared = [on('a', 'web@a', 80), on('b', 'web@b', 81), on('a', 'shop', 82), on('b', 'shop', 82)];
    const catalog = catalogOf(declared, { verdictOf: (key) => (key === 'web@b' ? verdict : undefined) });
    const world = explainWorld(catalog, { engines: [a, lost] });
    const first = 'engine b is out of reach: connection refused; as last known, ';
    expect(explain('web@b', world)).toMatchObject({
      verdict: 'unreachable',
      cause: 'engine-unreachable',
      summary: `${first}no upstream of web@b answers dials: web@b it did not answer`,
      next: 'Bring engine b back; Sealane goes on trying.',
    });
    expect(explain('shop', world)).toMatchObject({
      verdict: 'degraded',
      summary: `shop is served on 127.0.0.1:82 by 1 of 2; ${first}web@b is unhealthy: it did not answer`,
    });
    expect(explain('web@a', world).cause).toBe('fine');
  });

  it('calls a name of several services degraded where only one of them is unreachable', () => {
    expect(explain('web', explainWorld(apart, { engines: [a, b] }))).toMatchObject({
      verdict: 'degraded',
      summary: expect.stringMatching(/^web@a is served on 127\.0\.0\.1:80 by web@a, but web@b is paused/) as string,
    });
    expect(explain('web@b', explainWorld(apart, { engines: [a, b] })).verdict).toBe('unreachable');
  });

  it('says of what no engine in reach has that another is out of reach', () => {
    expect(explain('x', explainWorld(apart, { engines: [a, lost] }))).toMatchObject({
      cause: 'engine-unreachable',
      summary:
        'there is no service or container "x" on the engines that answer, and engine b is out of reach: connection refused',
    });
  });
});
