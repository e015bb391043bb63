import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { StatsEvent, TimelineEvent } from '../../../src/admin/event-schema.ts';
import type { ApiService, ApiServices } from '../../../src/admin/schema.ts';
import { jsonLine, plainLine } from '../../../src/cli/top/plain.ts';
import { nextTop } from '../../../src/cli/top/next.ts';
import { emptyTop, shownServices, type Key, type TopInput, type TopState } from '../../../src/cli/top/state.ts';
import { renderTop, shownOn } from '../../../src/cli/top/view.ts';

const at = '2026-01-01T12:00:00.000Z';
const noTraffic = { active: 0, sessions: 0, dials: 0, dialFailures: 0, retries: 0, bytesUp: 0, bytesDown: 0 };

function service(name: string, over: Partial<ApiService> = {}): ApiService {
  return {
    name,
    state: 'up',
    reason: 'all is well',
    routes: [
      {
        listen: '127.0.0.1:8080',
        selectors: [],
        names: [],
        open: true,
        port: 8080,
        published: [],
        web: [],
        reason: null,
      },
    ],
    balance: 'least-connections',
    prefer: 'any',
    holdMs: 0,
    connectTimeoutMs: 1,
    idleTimeoutMs: null,
    declaredBy: [name],
    lingersUntil: null,
    standIns: [],
    upstreams: [
      {
        key: name,
        name: `${name}-1`,
        containerId: null,
        engine: null,
        task: null,
        sleep: null,
        way: null,
        endpoints: ['10.0.0.1:80'],
        state: 'ready',
        suspect: false,
        reason: 'its port accepts connections',
        since: at,
        drainsUntil: null,
        weight: 1,
        declaredWeight: 1,
        weightOverridden: false,
        drained: false,
        backup: false,
        maxConnections: null,
        health: 'readiness',
        traffic: noTraffic,
        dial: { count: 0, p50Ms: null, p99Ms: null },
      },
    ],
    held: 0,
    failures: {},
    traffic: noTraffic,
    problems: [],
    ...over,
  };
}

function answer(...services: readonly ApiService[]): TopInput {
  const status: ApiServices['status'] = {
    version: '0.1.0',
    startedAt: at,
    driver: 'splice',
    workers: 1,
    ready: true,
    readyReason: '',
    engines: [
      {
        name: null,
        endpoint: 'unix:///engine',
        state: 'connected',
        reason: null,
        containers: 1,
        actions: [],
        joined: [],
      },
    ],
    sleep: null,
    swarm: null,
    names: null,
    engine: { state: 'connected', endpoint: null, reason: null },
    accepted: 0,
    open: 0,
    held: 0,
    services: { up: services.length, degraded: 0, down: 0 },
    problems: 0,
  };
  const problems = services.flatMap((one) => one.problems);
  return {
    kind: 'answer',
    answer: { at, status: { ...status, problems: problems.length }, services: [...services] },
    problems,
  };
}

function stats(second: number, services: StatsEvent['services'], accepted = 0): TopInput {
  const time = new Date(Date.parse(at) + second * 1000).toISOString();
  return { kind: 'stats', event: { at: time, accepted, open: 3, held: 1, services } };
}

function happened(message: string): TopInput {
  const event: TimelineEvent = {
    id: 1,
    at,
    source: 'sealane',
    event: 'upstream-changed',
    level: 'warn',
    message,
    service: null,
    upstream: null,
    containerId: null,
  };
  return { kind: 'timeline', event };
}

function problem(subject: string, message: string): ApiService['problems'][number] {
  const nowhere = { containerId: null, label: null, route: null, listen: null, services: [] };
  return { ...nowhere, code: 'never-ready', subject, message, fix: 'Start it.' };
}

function standIn(of: string, over: Partial<ApiService['standIns'][number]> = {}): ApiService['standIns'][number] {
  return {
    id: `${of}-swap`,
    service: of,
    address: 'localhost:3000',
    owner: 'anna@laptop',
    percent: 100,
    strict: false,
    endpoints: [],
    advice: '',
    takenAt: at,
    until: at,
    serves: true,
    behind: null,
    state: 'ready',
    reason: '',
    sessions: 0,
    text: 'swapped: all new sessions go to the stand-in localhost:3000 of anna@laptop',
    ...over,
  };
}

const text = (letters: string): TopInput[] =>
  Array.from(letters, (letter) => ({ kind: 'key', key: { kind: 'text', text: letter } }));
const key = (kind: Exclude<Key['kind'], 'text'>): TopInput => ({ kind: 'key', key: { kind } });
const play = (...inputs: readonly TopInput[]): TopState => inputs.reduce(nextTop, emptyTop);
const draw = (state: TopState, columns = 120, rows = 24): string[] =>
  renderTop(state, { columns, rows }, false, Date.parse(at) + 61_000);
const three = answer(service('api'), service('db', { state: 'down', reason: 'nothing listens' }), service('web'));

const lastKey = { kind: 'key', key: { kind: 'last' } } as const;

describe('sealane top', () => {
  it('shows services with their state, figures and listen addresses', () => {
    const lines = draw(play(three));
    expect(lines[0]).toBe('sealane 0.1.0 · up 1m · splice driver, 1 thread · engine connected · 0 clients, 0 held');
    expect(lines.find((line) => line.startsWith('db'))).toMatch(
      /^db +down +1\/1 +127\.0\.0\.1:8080 +0 +0 +0 +0 +0 B\/s +0 B\/s$/,
    );
  });

  it('computes rates between two stats events; a service that the event does not name had no traffic', () => {
    const one = { active: 1, held: 0, sessions: 10, bytesUp: 1000, bytesDown: 0, failures: {} };
    const state = play(
      stats(0, { api: one, db: one }, 20),
      stats(2, { api: { ...one, sessions: 14, bytesUp: 5000 } }, 24),
    );
    expect(state.figures.get('api')).toMatchObject({ sessionRate: 2, upRate: 2000, downRate: 0 });
    expect(state.figures.get('db')).toMatchObject({ sessions: 10, upRate: 0 });
    expect(state.totals).toMatchObject({ active: 3, held: 1, sessionRate: 2, upRate: 2000 });
  });

  it('shows no rate when counters were reset', () => {
    const one = { active: 0, held: 0, sessions: 10, bytesUp: 1000, bytesDown: 0, failures: {} };
    const state = play(stats(0, { api: one }, 10), stats(1, { api: { ...one, sessions: 1, bytesUp: 1 } }, 1));
    expect(state.figures.get('api')).toMatchObject({ sessionRate: 0, upRate: 0 });
    expect(state.totals.sessionRate).toBe(0);
  });

  it('moves a cursor that stays on its service, and shows its upstreams', () => {
    const state = play(three, ...text('s'), key('down'), key('down'), key('enter'));
    expect(state.selected).toBe('db');
    expect(nextTop(state, answer(service('aaa'), service('db'))).selected).toBe('db');
    const lines = draw(state, 120, 15).join('\n');
    expect(lines).toContain('  nothing listens');
    expect(lines).toMatch(/ {2}db-1 +ready +0 active +10\.0\.0\.1:80 +its port accepts connections/);
    expect(draw(nextTop(state, key('enter')), 120, 15).join('\n')).not.toContain('db-1');
    expect(play(three, key('last')).selected).toBe('web');
    expect(play(three, key('last'), key('page-up')).selected).toBe('db');
  });

  it('filters by name, and treats every letter as text while a filter is typed, even q', () => {
    const filtering = play(three, ...text('/q'));
    expect(filtering).toMatchObject({ filter: 'q', hasQuit: false });
    const state = play(three, ...text('/dbx'), key('backspace'), key('enter'));
    expect(shownServices(state).map(({ name }) => name)).toEqual(['db']);
    expect(draw(state).at(-1)).toContain('filter: db');
    expect(shownServices(nextTop(state, key('escape')))).toHaveLength(3);
    expect(draw(play(three, ...text('/zzz'))).join('\n')).toContain('no service name contains the filter');
  });

  it('shows those first that need attention, and sorts by name and by traffic on s', () => {
    const busy = { active: 9, held: 0, sessions: 0, bytesUp: 0, bytesDown: 0, failures: {} };
    const state = play(three, stats(0, { web: busy }));
    const first = (inputs: string) => shownServices(text(inputs).reduce(nextTop, state))[0]?.name;
    expect([first(''), first('s'), first('ss'), first('sss')]).toEqual(['db', 'api', 'web', 'db']);
  });

  it('keeps the listen address, the failed sessions and the number of problems at 80 columns', () => {
    const failing = service('shop/api', {
      failures: { 'hold-expired': 12 },
      problems: [problem('api-1', 'it is not ready')],
    });
    const lines = draw(play(answer(failing)), 80);
    expect(lines[1]).toMatch(/^1 up, 0 degraded, 0 down {3}1 problem \(p\) {3}/);
    expect(lines[3]).toBe('SERVICE         STATE     READY  LISTENS ON       ACTIVE   HELD  FAILED'.padEnd(80));
    expect(lines[4]).toBe('shop/api        up          1/1  127.0.0.1:8080        0      0      12');
  });

  it('says first and on every page, also of a small terminal, which services are swapped', () => {
    const swapped = service('shop/api', { standIns: [standIn('shop/api')] });
    const words =
      ' SWAPPED  shop/api is swapped: all new sessions go to the stand-in localhost:3000 of anna@laptop, begun 1m ago';
    for (const page of ['services', 'problems', 'help'] as const)
      expect(draw({ ...play(answer(swapped, service('web'))), page })[2]?.trimEnd()).toBe(words);
    expect(draw(play(answer(swapped)), 48, 8)[2]).toBe(' SWAPPED  shop/api is swapped: all new sessions…');
    const behind = standIn('shop/api', { serves: false, text: 'the stand-in localhost:1 of bob waits' });
    const many = Array.from({ length: 4 }, (_, index) =>
      service(`s${index}`, { standIns: [standIn(`s${index}`), behind] }),
    );
    const lines = draw(play(answer(...many)), 80, 24);
    expect(lines).toHaveLength(24);
    expect(lines[3]).toMatch(/^ WAITING {2}shop\/api is the stand-in localhost:1 of bob waits/);
    expect(lines[5]?.trimEnd()).toBe(' and 5 swaps more: sealane status');
    expect(draw(play(answer(...many)), 80, 12)[2]?.trimEnd()).toBe(' 8 swaps: sealane status');
    expect(renderTop(play(answer(swapped)), { columns: 80, rows: 24 }, true, Date.parse(at))[2]).toContain('\u001b[7');
  });

  it('says how many lines are hidden, and keeps the cursor in sight', () => {
    const many = answer(...Array.from({ length: 40 }, (_, index) => service(`s${String(index).padStart(2, '0')}`)));
    const lines = draw(play(many), 80);
    expect(lines).toHaveLength(24);
    expect(lines.join('\n')).toContain('… 0 services above, 30 below: ↑ ↓ PgUp PgDn');
    const scrolled = draw(play(many, key('page-down'), key('page-down'), key('page-down')), 80).join('\n');
    expect(scrolled).toMatch(/^s29 /m);
    expect(scrolled).toContain('… 24 services above, 6 below');
    expect(draw(play(many, key('last')), 80).join('\n')).toMatch(/^s39 /m);
  });

  it('scrolls through the upstreams of an opened service, one by one, before it selects the next service', () => {
    const size = { columns: 80, rows: 24 };
    const upstreams = Array.from({ length: 40 }, (_, index) =>
      service('big').upstreams.map((one) => ({ ...one, name: `big-${index + 1}` })),
    ).flat();
    let state = play(answer(service('big', { upstreams }), service('next')), key('down'), key('enter'));
    const press = (kind: 'down' | 'up' | 'page-down' | 'first'): string => {
      state = nextTop(state, { ...key(kind), shown: shownOn(state, size) } as TopInput);
      return draw(state, size.columns, size.rows).join('\n');
    };
    expect(draw(state, size.columns, size.rows).join('\n')).toContain('… 0 lines above, 32 below');
    for (let index = 0; index < 3; index++) press('page-down');
    expect(press('page-down')).toMatch(/^ {2}big-40 /m);
    expect(state.selected).toBe('big');
    press('down');
    expect(state.selected).toBe('next');
    expect(press('up')).toMatch(/^big /m);
    press('down');
    expect(press('up')).toMatch(/^ {2}big-1 /m);
    press('first');
    expect(state.scrolled).toBe(0);
  });

  it('uses a large terminal: full names and addresses, all upstreams, problems with their fix', () => {
    const name = 'a-project-with-a-long-name/a-service-with-a-long-name';
    const failing = service(name, { state: 'degraded', problems: [problem('api-1', 'it is not ready')] });
    const lines = draw(play(answer(failing, service('web'))), 200, 60);
    expect(lines).toHaveLength(60);
    expect(lines.find((line) => line.startsWith(name))).toMatch(/127\.0\.0\.1:8080 .* 0 B\/s +0 B\/s$/);
    const all = lines.join('\n');
    for (const part of ['web-1', `${name}-1`, 'PROBLEMS', '  fix: Start it.', 'EVENTS']) expect(all).toContain(part);
  });

  it('shows each problem in full on p, scrolls them, and explains itself on ?', () => {
    const problems = Array.from({ length: 30 }, (_, index) => problem(`api-${index}`, 'it is not ready'));
    const state = play(answer(service('api', { problems })), ...text('p'));
    expect(draw(state, 80).join('\n')).toMatch(/^api-0: it is not ready\n {2}fix: Start it\.$/m);
    expect(draw(state, 80).join('\n')).toContain('… 0 lines above, 41 below');
    expect(draw([key('page-down'), key('page-down')].reduce(nextTop, state), 80).join('\n')).toMatch(/^api-10: /m);
    expect(draw(nextTop(state, key('escape')), 80).join('\n')).toContain('LISTENS ON');
    const end = nextTop(state, { ...lastKey, shown: shownOn(state, { columns: 80, rows: 24 }) });
    expect(draw(end, 80).join('\n')).toContain('… 41 lines above, 0 below');
    expect(draw(nextTop(end, key('up')), 80).join('\n')).toContain('… 40 lines above, 1 below');
    const help = play(three, ...text('?'));
    expect(draw(help, 80).join('\n')).toMatch(/FAILED +failed since the start/);
    expect(draw(nextTop(help, key('down')), 80).join('\n')).toContain('LISTENS ON');
    const small = { columns: 50, rows: 10 };
    const down = nextTop(help, { ...lastKey, shown: shownOn(help, small) });
    expect(draw(down, 50, 10).join('\n')).toMatch(/^ {2}down +no client is served/m);
    expect(draw(down, 50, 10).join('\n')).toMatch(/^ {12}needs attention$/m);
    expect(draw(play(three, ...text('p?'), key('escape'))).join('\n')).toContain('no problems');
  });

  it('is nowhere wider than a narrow terminal, on any page', () => {
    const problems = Array.from({ length: 30 }, (_, index) => problem(`api-${index}`, 'it is not ready'));
    // The note about so many hidden services needs more than 48 cells.
    const many = Array.from({ length: 21_000 }, (_, index) => service(`s${index}`));
    const state = { ...play(answer(service('api', { problems }), ...many)), selected: 's10500' };
    for (let columns = 48; columns <= 52; columns++)
      for (const page of ['services', 'problems', 'help'] as const)
        expect([
          columns,
          page,
          Math.max(...draw({ ...state, page }, columns, 12).map((line) => stringWidth(line))),
        ]).toEqual([columns, page, expect.toSatisfy((width: number) => width <= columns)]);
  });

  it('says in one line that a terminal is too small', () => {
    expect(draw(play(three), 40, 7)).toEqual(['sealane top needs 48x8, not 40x7'.padEnd(40)]);
  });

  it('quits on q, and on Ctrl-C even while a filter is typed', () => {
    expect(play(...text('q')).hasQuit).toBe(true);
    expect(play(key('interrupt')).hasQuit).toBe(true);
    expect(play(...text('/x'), key('interrupt')).hasQuit).toBe(true);
  });

  it('is marked stale while the connection is lost', () => {
    const lost = play(three, { kind: 'lost', reason: 'no Sealane answers' });
    expect(draw(lost)[0]).toBe('STALE: no Sealane answers; trying again');
    expect(draw(nextTop(lost, stats(1, {})))[0]).toMatch(/^sealane /);
  });

  it('renders a plain line for each second without a terminal', () => {
    const one = { active: 2, held: 1, sessions: 10, bytesUp: 1000, bytesDown: 0, failures: {} };
    const state = play(stats(0, { 'a\u001bb': one, idle: { ...one, active: 0, held: 0 } }));
    expect(plainLine(state)).toMatch(
      /^\d\d:\d\d:\d\d 3 open, 1 held, 0 new\/s, up 0 B\/s, down 0 B\/s; a\\u\{1b\}b: 2 active, 1 held, 0 new\/s, up 0 B\/s, down 0 B\/s$/,
    );
  });

  it('says in each plain line, and in JSON, which services are swapped', () => {
    const all = Array.from({ length: 5 }, (_, index) => service(`s${index}`, { standIns: [standIn(`s${index}`)] }));
    const state = play(answer(...all), stats(60, {}));
    expect(plainLine(state)).toContain(
      '; SWAPPED s0 is swapped: all new sessions go to the stand-in localhost:3000 of anna@laptop, begun 1m ago; ',
    );
    expect(plainLine(state)).toMatch(/; and 2 swaps more$/);
    const { swaps } = JSON.parse(jsonLine(state)) as { readonly swaps: readonly { readonly service: string }[] };
    expect(swaps.map((one) => one.service)).toEqual(['s0', 's1', 's2', 's3', 's4']);
  });

  it('fits any terminal, and prints no control characters, whatever the names contain', () => {
    const nasty = fc.string({ unit: 'binary', maxLength: 20 });
    const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 60 }) });
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 6 }), nasty, size, (names, message, { columns, rows }) => {
        const state = play(
          answer(
            ...names.map((name) =>
              service(name, {
                state: 'degraded',
                reason: message,
                problems: [problem(name, message)],
                standIns: [standIn(name, { text: message })],
              }),
            ),
          ),
          happened(message),
          key('down'),
          key('enter'),
        );
        for (const page of ['services', 'problems', 'help'] as const) {
          const lines = draw({ ...state, page }, columns, rows);
          expect(lines.length).toBeLessThanOrEqual(rows);
          expect(lines.join('')).not.toMatch(/\p{C}/u);
          expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(columns);
        }
      }),
      { numRuns: 30 },
    );
  });
});
