import { describe, expect, it } from 'vitest';
import { formatCount } from '../../../src/cli/render/figures.ts';
import { formatAge } from '../../../src/text/age.ts';
import { formatBytesNarrow } from '../../../src/text/sizes.ts';
import { renderEvent } from '../../../src/cli/render/event.ts';
import { painter } from '../../../src/text/paint.ts';
import { fit, renderTable } from '../../../src/cli/render/table.ts';
import { renderWhy } from '../../../src/cli/render/why.ts';
import { headline, renderStatus } from '../../../src/cli/render/status.ts';
import type { ApiProblem, ApiServices } from '../../../src/admin/schema.ts';
import type { ApiStatus } from '../../../src/admin/status-schema.ts';

const plain = painter(false);

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_960, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [12_345_678_901, '12 GB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytesNarrow(bytes)).toBe(text);
  });

  it.each([
    [-5, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [7_500_000, '2h 5m'],
    [7_200_000, '2h'],
    [90_000_000, '1d 1h'],
  ])('%i ms are %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });

  it.each([
    [0, '0'],
    [0.25, '0.3'],
    [12.4, '12'],
  ])('%d a second is %s', (rate, text) => {
    expect(formatCount(rate)).toBe(text);
  });
});

describe('tables', () => {
  it('align columns with wide characters', () => {
    const columns = [{ title: 'NAME' }, { title: 'N', align: 'right' }] as const;
    const row = (text: string, count: string) => [{ text }, { text: count }];
    expect(renderTable(columns, [row('服务', '1'), row('web', '20')], plain)).toEqual([
      'NAME   N',
      '服务   1',
      'web   20',
    ]);
  });

  it.each([
    ['web', 5, 'web  '],
    ['website', 5, 'webs…'],
    ['服务器', 5, '服务…'],
    ['服务器', 4, '服… '],
    ['x', 0, ''],
  ])('fit %s into %i cells', (text, width, expected) => {
    expect(fit(text, width)).toBe(expected);
  });
});

describe('the headline', () => {
  it('tells the state of each engine by its name', () => {
    const figures = { workers: 1, open: 2, held: 0, swarm: null };
    const status = { version: '1', startedAt: '2026-01-01T00:00:00Z', driver: 'splice', ...figures };
    const idle = { reason: null, containers: 1, actions: ['connect'], joined: [] };
    const engine: ApiStatus['engines'][number] = { name: 'a', endpoint: 'unix:///a', state: 'connected', ...idle };
    const lost = { ...engine, name: 'b', state: 'disconnected', reason: 'it was stopped' } as const;
    const shown = (engines: ApiStatus['engines']): string =>
      headline({ ...status, engines } as ApiStatus, Date.parse(status.startedAt));
    expect(shown([engine, lost])).toContain(' · engine a connected · engine b disconnected · ');
    expect(shown([{ ...engine, name: null }])).toContain(' · engine connected · ');
    expect(shown([{ ...engine, joined: ['shop', 'blog'] }])).toContain(' · engine a connected, joined shop, blog · ');
    expect(shown([])).toContain(' · no engine · ');
    const swarm = {
      state: 'watched',
      text: 'the Swarm is watched: 2 nodes, 1 service',
      nodes: 2,
      services: 1,
      tasks: 1,
    };
    const inSwarm = { ...status, engines: [engine], swarm } as ApiStatus;
    expect(headline(inSwarm, Date.parse(status.startedAt))).toContain(` · engine a connected · ${swarm.text} · `);
  });
});

describe('the status of services that sleep', () => {
  it('says since when each is asleep, and what that spares', () => {
    const at = '2026-01-01T02:10:00.000Z';
    const upstream = { name: 'shop-web-1', state: 'asleep', way: null, since: '2026-01-01T00:00:00.000Z' };
    const service = { name: 'shop/web', state: 'up', routes: [], standIns: [], failures: {}, upstreams: [upstream] };
    const figures = { held: { now: 0 }, traffic: { active: 0, sessions: 0, bytesUp: 0, bytesDown: 0 } };
    const totals = {
      asleep: 1,
      asleepMs: 50_580_000,
      memoryBytes: 212_000_000,
      wakes: 9,
      wakeMs: 10_260,
      wakeFailures: 0,
    };
    const status = { version: '1', startedAt: at, driver: 'splice', workers: 1, engines: [], swarm: null, names: null };
    const shown = (sleep: ApiStatus['sleep']): string =>
      renderStatus(
        { at, status: { ...status, sleep }, services: [{ ...service, ...figures }] } as unknown as ApiServices,
        [],
        plain,
      );
    expect(shown(totals)).toContain(
      'shop-web-1 of shop/web has been asleep for 2h 10m\n' +
        'slept 14h 3m in all, 212 MB of memory given back now, 9 wakes of 1140 ms on average\n',
    );
    expect(shown(null)).not.toContain('asleep');
  });
});

describe('the problems in the status', () => {
  it('are a few of those with one fix, as of the tasks of a service, and how many more there are', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const figures = { version: '1', startedAt: at, driver: 'splice', workers: 1, engines: [], swarm: null };
    const status = { ...figures, names: null, sleep: null };
    const problem = (subject: string, fix: string): ApiProblem => {
      const of = { containerId: null, label: null, route: null, listen: null, services: [] };
      return { ...of, code: 'no-shared-overlay', subject, message: 'no way', fix };
    };
    const tasks = Array.from({ length: 12 }, (_, index) => problem(`web.${index + 1}`, 'Join it.'));
    const all = [...tasks.slice(0, 6), problem('api.1', 'Publish it.'), ...tasks.slice(6)];
    const shown = renderStatus({ at, status, services: [] } as unknown as ApiServices, all, plain);
    expect(shown.split('\n').slice(4)).toEqual([
      ...['problem web.1: no way [no-shared-overlay]', '  fix: Join it.'],
      ...['problem web.2: no way [no-shared-overlay]', '  fix: Join it.'],
      ...['problem web.3: no way [no-shared-overlay]', '  fix: Join it.'],
      '  and 9 more with this fix: sealane status --json',
      ...['problem api.1: no way [no-shared-overlay]', '  fix: Publish it.', ''],
    ]);
  });
});

describe('hostile names', () => {
  const nasty = 'a\u001b[2J\u001b]0;owned\u0007\n\u202eb';

  it('are escaped in tables, events and explanations', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const shown = [
      ...renderTable([{ title: 'X' }], [[{ text: nasty }]], plain),
      renderEvent(
        {
          id: 1,
          at,
          source: 'engine',
          event: nasty,
          level: 'warn',
          message: nasty,
          service: nasty,
          upstream: null,
          containerId: null,
        },
        plain,
      ),
      renderWhy(
        {
          subject: nasty,
          kind: 'container',
          verdict: 'unreachable',
          cause: nasty,
          summary: 'x',
          next: nasty,
          suggestions: [nasty, nasty],
          services: [nasty],
          steps: [{ step: 'declared', status: 'bad', text: nasty }],
          problems: [
            {
              code: nasty,
              subject: nasty,
              containerId: null,
              label: nasty,
              route: nasty,
              listen: nasty,
              services: [],
              message: nasty,
              fix: nasty,
            },
          ],
          dialFailures: [{ at, upstream: nasty, error: nasty, count: 2 }],
        },
        plain,
      ),
    ].join('');
    // eslint-disable-next-line no-control-regex
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
    expect(shown.split('\n')).toHaveLength(14);
  });
});

describe('an explanation', () => {
  const problem = {
    code: 'label-unknown',
    subject: 'api-1',
    containerId: null,
    label: null,
    route: null,
    listen: null,
    services: [],
    message: 'unknown label "sealane.prot"',
    fix: 'Write sealane.port.',
  };
  const explanation: Parameters<typeof renderWhy>[0] = {
    subject: 'api-1',
    kind: 'container',
    verdict: 'unreachable',
    cause: 'label-mistake',
    summary: 'api-1: unknown label "sealane.prot"',
    next: 'Write sealane.port.',
    suggestions: [],
    services: [],
    steps: [
      { step: 'engine', status: 'ok', text: 'the engine is watched' },
      { step: 'declared', status: 'bad', text: 'api-1: unknown label "sealane.prot"' },
    ],
    problems: [problem],
    dialFailures: [],
  };

  it('says the answer first, and what the answer says once', () => {
    expect(renderWhy(explanation, plain)).toBe(
      [
        'api-1 is unreachable: unknown label "sealane.prot"',
        '  next: Write sealane.port.',
        '',
        '  ✓ engine  the engine is watched',
        '',
      ].join('\n'),
    );
  });

  it('names the problems beside the one that is the answer', () => {
    const other = { ...problem, message: 'unknown label "sealane.hodl"', fix: 'Write sealane.hold.' };
    expect(renderWhy({ ...explanation, steps: [], problems: [problem, other] }, plain)).toBe(
      [
        'api-1 is unreachable: unknown label "sealane.prot"',
        '  next: Write sealane.port.',
        '',
        '  Other problems:',
        '    api-1: unknown label "sealane.hodl" [label-unknown]',
        '      fix: Write sealane.hold.',
        '',
      ].join('\n'),
    );
  });

  it('says a problem once: as a step where its fix is the next thing to do, else with its fix', () => {
    const paused = {
      ...problem,
      subject: 'shop-1',
      message: 'it has been paused',
      fix: 'Resume it: docker unpause shop-1',
    };
    const told = {
      ...explanation,
      summary: 'shop-1 is paused: its container is paused',
      next: 'docker unpause shop-1',
      steps: [{ step: 'declared', status: 'bad', text: 'shop-1: it has been paused' }] as const,
      problems: [paused],
    };
    const times = (text: string): number => text.split('it has been paused').length - 1;
    expect(renderWhy({ ...told, steps: [...told.steps] }, plain)).not.toContain('Other problems');
    const other = renderWhy({ ...told, steps: [...told.steps], next: 'Start it.' }, plain);
    expect(other).toContain('fix: Resume it');
    expect(times(other)).toBe(1);
  });

  it('names the open ports for a port, and for a name the similar ones beside the best, which the next thing names', () => {
    const unknown: typeof explanation = { ...explanation, kind: 'unknown', suggestions: ['api', 'apx'] };
    expect(renderWhy(unknown, plain)).toContain('\n  Similar names: apx\n');
    expect(renderWhy({ ...unknown, kind: 'port', suggestions: ['80', '81'] }, plain)).toContain(
      '\n  Open ports: 80, 81\n',
    );
  });
});
