import type { AddressProof } from '../../../src/address/proof.ts';
import { describe, expect, it, test } from 'vitest';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type { Condition, DeclaredUpstream, HealthPlan } from '../../../src/catalog/declaration.ts';
import { emptyCatalog, nextCatalog } from '../../../src/catalog/catalog.ts';
import { diffCatalogs } from '../../../src/catalog/diff.ts';
import type { Declaration } from '../../../src/catalog/declaration.ts';
import { explain, whyNot } from '../../../src/catalog/explain.ts';
import { diagnoseUpstream } from '../../../src/catalog/explain/upstream.ts';
import type { Explanation } from '../../../src/catalog/explain/explanation.ts';
import type { ContainerView, EngineView, ExplainWorld } from '../../../src/catalog/explain/world.ts';
import type { Override } from '../../../src/catalog/override.ts';
import { problemCodes, subjectOf } from '../../../src/catalog/problem.ts';
import type { TriedAddress, Verdict } from '../../../src/catalog/upstream.ts';
import { catalogOf, declare, engineView, explainWorld, problem } from '../../support/sealane/admin-source.ts';
import { declaredUpstream, plainMatch, world as inputOf } from '../../support/declared.ts';
import { containerView } from '../../support/facts.ts';

const running = (health: Extract<Condition, { kind: 'running' }>['health']): Condition => ({ kind: 'running', health });

/** A catalog of one service with one upstream. */
function one(
  over: Partial<DeclaredUpstream>,
  more: { readonly verdict?: Verdict; readonly override?: Override } = {},
): Catalog {
  return catalogOf([declare('shop/api', declaredUpstream('api-1', over))], {
    verdictOf: () => more.verdict,
    overrideOf: () => more.override,
  });
}

const refused: Verdict = { kind: 'pending', reason: 'nothing listens on 80 (connection refused)' };
const suspect: Verdict = { kind: 'suspect', reason: 'it did not answer (ECONNREFUSED 10.0.0.1:80)' };
const http: HealthPlan = {
  kind: 'http',
  path: '/',
  proxyProtocol: undefined,
  intervalMs: 1,
  timeoutMs: 1,
  rise: 1,
  fall: 1,
};

test('why says which addresses of an upstream were tried, and how each answered', () => {
  // A host can't reach its own macvlan networks, so their addresses come last.
  const endpoints = ['172.17.0.2', '192.0.2.9'].map((host) => ({ host, port: 80 }));
  const [bridge, macvlan] = endpoints as [DeclaredUpstream['endpoints'][0], DeclaredUpstream['endpoints'][0]];
  const textOf = (verdict: Verdict, tried: readonly TriedAddress[]): string | undefined => {
    const declared = declare('shop/api', declaredUpstream('api-1', { endpoints, health: { kind: 'readiness' } }));
    const catalog = catalogOf([declared], { verdictOf: () => verdict, triedOf: () => tried });
    return explain('shop/api', explainWorld(catalog)).steps.find(({ step }) => step === 'upstreams')?.text;
  };
  const noListener = { endpoint: bridge, failure: 'nothing listens on 80 (connection refused)' };
  const noRoute = { endpoint: macvlan, failure: 'no route to 192.0.2.9:80 (EHOSTUNREACH)' };
  expect(textOf({ kind: 'fit' }, [{ endpoint: bridge, failure: undefined }, noRoute])).toBe(
    'api-1 (172.17.0.2:80, 192.0.2.9:80) has been ready for 0ms: its port accepts connections; 0 sessions; ' +
      'tried 172.17.0.2:80: it answers; 192.0.2.9:80: no route to 192.0.2.9:80 (EHOSTUNREACH)',
  );
  expect(textOf(refused, [noListener, noRoute])).toBe(
    'api-1 (172.17.0.2:80, 192.0.2.9:80) has been starting for 0ms: nothing listens on 80 (connection refused); 0 sessions; ' +
      'tried 172.17.0.2:80: nothing listens on 80 (connection refused); 192.0.2.9:80: no route to 192.0.2.9:80 (EHOSTUNREACH)',
  );
  expect(textOf({ kind: 'fit' }, [noListener, { endpoint: macvlan, failure: undefined }])).toBe(
    'api-1 (192.0.2.9:80, 172.17.0.2:80) has been ready for 0ms: its port accepts connections; 0 sessions; ' +
      'tried 172.17.0.2:80: nothing listens on 80 (connection refused); 192.0.2.9:80: it answers',
  );
});

test('why says of an upstream for whose connections the engine is asked that it is', () => {
  const textWith = (proof: AddressProof): string | undefined => {
    const endpoints = [{ host: 'fd00::5', port: 80, proof }];
    const { steps } = explain('shop/api', explainWorld(one({ endpoints, health: { kind: 'none' } })));
    return steps.find(({ step }) => step === 'upstreams')?.text;
  };
  expect(textWith({ kind: 'engine', run: 'a@1' })).toMatch(
    /; the engine is asked for each connection whether the container still has the address, since Sealane does not see its process$/,
  );
  expect(textWith({ kind: 'namespace', pid: 1 })).toMatch(/; 0 sessions$/);
});

test('why says of an upstream that it is reached through its published port, and for what reason', () => {
  const published = { because: 'since this engine is rootless', port: 3000 };
  const { steps } = explain('shop/api', explainWorld(one({ published, health: { kind: 'none' } })));
  expect(steps.find(({ step }) => step === 'upstreams')?.text).toMatch(
    /; 0 sessions; reached through its published port, since this engine is rootless$/,
  );
});

describe('why of a container that has just started', () => {
  const endpoints = [{ host: '127.0.0.1', port: 32_769, viaPortProxy: true }];
  const published = { because: 'since this engine is rootless', port: 3000 };
  const listen =
    'Let its process listen on port 3000, published as 127.0.0.1:32769 (0.0.0.0, not 127.0.0.1), or correct the port label.';
  const nextAt = (nowMs: number, over: Partial<DeclaredUpstream> = {}): string | undefined => {
    const catalog = one({ endpoints, published, health: { kind: 'readiness' }, ...over }, { verdict: refused });
    return explain('shop/api', explainWorld(catalog, { nowMs })).next;
  };

  it('advises to wait first, and names its own port beside the published one', () => {
    expect(nextAt(2_000)).toBe(`Wait for it to start. If that takes long: ${listen}`);
    expect(nextAt(10_000)).toBe(listen);
  });

  it('advises at once to correct the port label where another port is exposed', () => {
    const silentAdvice = 'api-1 exposes port 8000: set the label sealane.port=8000.';
    expect(nextAt(2_000, { silentAdvice })).toBe(silentAdvice);
  });
});

describe('why a service is not reachable', () => {
  it.each([
    ['nothing-listens', one({ health: { kind: 'readiness' } }, { verdict: refused }), /0\.0\.0\.0, not 127\.0\.0\.1/],
    ['healthcheck-starting', one({ health: { kind: 'docker' }, condition: running('starting') }), /docker inspect/],
    ['healthcheck-failing', one({ health: { kind: 'docker' }, condition: running('unhealthy') }), /docker inspect/],
    [
      'check-failing',
      one({ health: http }, { verdict: { kind: 'unfit', reason: 'GET / answered 500' } }),
      /docker logs/,
    ],
    ['all-suspect', one({ health: { kind: 'readiness' } }, { verdict: suspect }), /returns automatically/],
    ['paused', one({ condition: { kind: 'paused' } }), /docker unpause api-1/],
    ['draining', one({ condition: { kind: 'stopping', reason: 'it was sent SIGTERM' }, drainMs: 9 }), /start/],
    ['drained', one({}, { override: { drained: true, weight: undefined } }), /^sealane undrain api-1$/],
    ['weight-zero', one({ weight: 0 }), /weight/],
    ['opening', catalogOf([declare('shop/api', declaredUpstream('a'))], { listeners: new Map() }), /moment/],
    [
      'no-shared-network',
      catalogOf([declare('shop/api', undefined, { id: 'c' })], {
        problems: [problem('no-shared-network', 'api-1', { containerId: 'c' })],
      }),
      /mend/,
    ],
    [
      'name-unresolved',
      catalogOf([declare('shop/api', undefined)], { problems: [problem('name-unresolved', 'shop/api')] }),
      /mend/,
    ],
    ['restarting', catalogOf([declare('shop/api', undefined)]), /docker logs/],
  ] as const)('%s', (cause, catalog, next) => {
    const explanation = explain('shop/api', explainWorld(catalog));
    expect(explanation).toMatchObject({ kind: 'service', verdict: 'unreachable', cause, services: ['shop/api'] });
    expect(explanation.next).toMatch(next);
    expect(whyNot('shop/api', explainWorld(catalog))).toBe(explanation.summary);
  });

  it.each([
    [
      'nothing-listens',
      { kind: 'readiness' },
      refused,
      'Let something listen on 10.0.0.1:80, or correct its address in',
    ],
    ['dial-failing', { kind: 'readiness' }, suspect, 'See why api-1 does not answer; it returns automatically'],
    [
      'check-failing',
      http,
      { kind: 'unfit', reason: 'GET / answered 500' },
      'See why api-1 fails its check, or correct its `health` in',
    ],
  ] as const)('%s, without a mention of containers for a static service', (cause, health, verdict, next) => {
    const { upstreams } = [...one({ run: undefined, health }, { verdict }).services.values()][0] ?? { upstreams: [] };
    const diagnosis = upstreams.map((upstream) => diagnoseUpstream(upstream, explainWorld(catalogOf([]))))[0];
    expect(diagnosis).toMatchObject({ cause });
    expect(diagnosis?.next).toContain(next);
    expect(diagnosis?.next).not.toMatch(/docker|label/);
  });

  it('all-suspect, without a mention of containers for a static service', () => {
    const catalog = one({ run: undefined, health: { kind: 'readiness' } }, { verdict: suspect });
    expect(explain('shop/api', explainWorld(catalog))).toMatchObject({
      cause: 'all-suspect',
      next: 'See why api-1 does not answer; it returns automatically once it does.',
    });
  });

  it('is not open while its listener cannot be bound', () => {
    const listeners = new Map();
    const status = { kind: 'failed', code: 'EADDRINUSE', message: 'listen EADDRINUSE' } as const;
    const catalog = catalogOf([declare('shop/api', declaredUpstream('a'))], { listeners });
    const world = explainWorld(catalog, { listeners: new Map([['127.0.0.1:8080', status]]) });
    expect(explain('shop/api', world)).toMatchObject({
      verdict: 'unreachable',
      cause: 'listen-failed',
      summary: '127.0.0.1:8080 is not open: cannot listen: the port is in use by another process',
    });
  });

  it('loses to an older claim on the same port', () => {
    const catalog = catalogOf([
      declare('old', declaredUpstream('o'), { created: 1 }),
      declare('new', declaredUpstream('n'), { created: 2 }),
    ]);
    expect(explain('new', explainWorld(catalog))).toMatchObject({ verdict: 'unreachable', cause: 'listen-conflict' });
    expect(explain('old', explainWorld(catalog))).toMatchObject({
      verdict: 'reachable',
      cause: 'fine',
      next: undefined,
    });
  });

  it('names the published address, which is found by its port, too', () => {
    const inside = { ...declare('api', declaredUpstream('one')), listen: { host: '0.0.0.0', port: 8080 } };
    const published = [{ containerPort: 8080, hostIp: '127.0.0.1', hostPort: 80 }];
    const catalog = catalogOf([inside], { publishedPorts: published });
    const { summary, steps } = explain('80', explainWorld(catalog));
    expect(summary).toBe('api is served on 127.0.0.1:80 (0.0.0.0:8080 in the container) by one');
    expect(steps).toContainEqual(
      expect.objectContaining({ text: '127.0.0.1:80 (0.0.0.0:8080 in the container) is open' }),
    );
    expect(diffCatalogs(emptyCatalog, catalog)).toContainEqual(
      expect.objectContaining({
        event: 'route-opened',
        listen: '0.0.0.0:8080',
        message: 'api is served on 127.0.0.1:80 (0.0.0.0:8080 in the container)',
      }),
    );
  });

  it('is degraded while one of several upstreams does not answer, and names it', () => {
    const [good, bad] = [declaredUpstream('good'), declaredUpstream('bad')];
    const catalog = catalogOf([declare('api', good), declare('api', bad)], {
      verdictOf: (key) => (key === 'bad' ? suspect : undefined),
    });
    const { verdict, cause, summary } = explain('api', explainWorld(catalog));
    expect([verdict, cause]).toEqual(['degraded', 'dial-failing']);
    expect(summary).toMatch(/by 1 of 2; bad is unhealthy/);
  });

  it('is served as last known while the engine is out of reach', () => {
    const engines = [engineView({ status: { kind: 'disconnected', reason: 'connection refused' } })];
    expect(explain('shop/api', explainWorld(one({}), { engines }))).toMatchObject({
      verdict: 'degraded',
      cause: 'engine-unreachable',
    });
  });

  it('is served, with a warning, while the engine answers slowly', () => {
    const status = { kind: 'connected', apiVersion: '1.41', slow: 'answers slowly: GET /events took 12s' } as const;
    const { verdict, steps } = explain('shop/api', explainWorld(one({}), { engines: [engineView({ status })] }));
    expect(verdict).toBe('reachable');
    expect(steps[0]).toEqual({
      step: 'engine',
      status: 'warn',
      text: 'the engine is watched; the engine answers slowly: GET /events took 12s',
    });
  });

  it('has steps in the order of a client’s way: engine, declaration, port, network, upstreams, clients', () => {
    const dialFailures = [{ atMs: 5, upstreamKey: 'api-1', error: 'ECONNREFUSED 10.0.0.1:80', count: 3 }];
    const world = explainWorld(one({ health: { kind: 'readiness' } }, { verdict: suspect }), {
      engines: [engineView({ vantage: 'Sealane is on network "shop"' })],
      heldOf: () => 2,
      dialFailures: [...dialFailures, { atMs: 1, upstreamKey: 'of another', error: 'x', count: 1 }],
      nowMs: 1_000,
    });
    const { steps, dialFailures: failures } = explain('shop/api', world);
    expect(steps.find(({ step }) => step === 'upstreams')?.text).toContain('has been unhealthy for');
    expect(steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'engine ok',
      'declared ok',
      'listener ok',
      'network info',
      'upstreams bad',
      'clients warn',
    ]);
    expect(failures).toEqual([{ ...dialFailures[0], upstream: 'api-1' }]);
  });
});

describe('a problem of a service that is served', () => {
  it.each(problemCodes.filter((code) => subjectOf(code) === 'service'))('is the cause of the same name: %s', (code) => {
    const cause = code.startsWith('certificate-') ? 'certificate' : code;
    const world = explainWorld(
      catalogOf([declare('api', declaredUpstream('a'))], { problems: [problem(code, 'api')] }),
    );
    expect(explain('api', world)).toMatchObject({ verdict: 'degraded', cause, next: `How to mend ${code}.` });
  });
});

describe('why a container gets no clients', () => {
  const labelTypo = problem('label-unknown', 'api-1', { containerId: 'c0ffee' });
  it.each([
    ['never-labelled', { isLabelled: false }, {}],
    ['oneoff', { isOneoff: true }, {}],
    ['stopped', { state: 'exited' }, {}],
    ['disabled', { isDisabled: true }, {}],
    ['out-of-scope', {}, { scope: 'project', project: 'other' }],
    ['scope-unknown', {}, { scope: 'project' }],
    ['label-mistake', {}, { catalog: catalogOf([], { problems: [labelTypo] }) }],
    ['port-unclear', {}, { catalog: catalogOf([], { problems: [{ ...labelTypo, code: 'port-unclear' }] }) }],
    ['restarting', { state: 'restarting' }, {}],
    ['not-synced', {}, {}],
  ] as const)('%s', (cause, container, over) => {
    const world = explainWorld(catalogOf([]), {
      inspected: [containerView(container)],
      ...(over as Partial<ExplainWorld>),
    });
    expect(explain('api-1', world)).toMatchObject({ kind: 'container', verdict: 'unreachable', cause });
    expect(explain('api-1', world).next).not.toBe('');
  });

  it('is mended at its service where it has no labels and runs a task of a Swarm', () => {
    const task = { id: 't', service: 'shop_api', name: 'shop_api.1', slot: 1 };
    const world = explainWorld(catalogOf([]), { inspected: [containerView({ isLabelled: false, task })] });
    expect(explain('api-1', world).next).toBe(
      'docker service update --container-label-add sealane.port=<port> shop_api',
    );
  });

  it('is explained by its name, its id, or the compose service that declares nothing', () => {
    const containers = () => [containerView()];
    const world = explainWorld(catalogOf([], { problems: [labelTypo] }), { containers });
    for (const text of ['api-1', 'c0ffee', 'c0ff', 'shop/api', 'api']) {
      expect(explain(text, world)).toMatchObject({ kind: 'container', cause: 'label-mistake', subject: text });
    }
  });

  it('is that of its services once its labels are correct', () => {
    const catalog = catalogOf([
      declare(
        'shop/api',
        declaredUpstream('api-1', { run: { id: 'c0ffee', startedAtNs: 1n }, condition: { kind: 'paused' } }),
        { id: 'c0ffee' },
      ),
    ]);
    const world = explainWorld(catalog, { containers: () => [containerView({ state: 'paused' })] });
    expect(explain('api-1', world)).toMatchObject({ cause: 'paused', services: ['shop/api'] });
  });
});

describe('a service that nothing declares any more', () => {
  const listeners = new Map([['127.0.0.1:8080', { kind: 'listening', host: '127.0.0.1', port: 8080 } as const]]);
  const declared = declare('shop/api', declaredUpstream('api-1'));
  const lingering = nextCatalog(catalogOf([declared]), { ...inputOf([]), problems: [] }, 1);

  it('is explained by the container that was recreated with a mistake in its labels', () => {
    const labelTypo = problem('label-unknown', 'api-1', { containerId: 'c0ffee' });
    const world = explainWorld({ ...lingering, problems: [labelTypo] }, { containers: () => [containerView()] });
    for (const [text, kind] of [
      ['shop/api', 'service'],
      ['api', 'service'],
      ['8080', 'port'],
    ] as const) {
      expect(explain(text, world)).toMatchObject({
        kind,
        cause: 'label-mistake',
        summary: 'api-1: what label-unknown means',
        next: 'How to mend label-unknown.',
      });
    }
  });

  it('is explained by the mistake in its labels also while its upstreams drain, such as a Swarm’s whose service got it', () => {
    const upstream = declaredUpstream('api-1', { drainMs: 9_000 });
    const none = { ...inputOf([]), problems: [], listeners, isAlive: () => true };
    const draining = nextCatalog(catalogOf([declare('shop/api', upstream)]), none, 1);
    const labelTypo = problem('label-unknown', 'api-1', { containerId: 'api-1' });
    const relabelled = containerView({ id: 'api-1' });
    const world = explainWorld({ ...draining, problems: [labelTypo] }, { containers: () => [relabelled] });
    for (const text of ['shop/api', 'api-1', '8080'])
      expect(explain(text, world)).toMatchObject({ cause: 'label-mistake', next: 'How to mend label-unknown.' });
    const faultless = explainWorld(draining, { containers: () => [relabelled] });
    expect(explain('shop/api', faultless)).toMatchObject({ cause: 'draining' });
  });

  it('was removed from its Swarm, where that has no service of the name any more', () => {
    const own = declare('shop/api', declaredUpstream('api-1', { drainMs: 9_000 }));
    const task = { id: 'k', service: 'shop_api', name: 'shop_api.1', slot: 1, node: 'node1' };
    const before = catalogOf([{ ...own, declaredBy: { ...own.declaredBy, task } } as Declaration]);
    // Once nothing of it runs, and while its last task drains.
    for (const isAlive of [false, true]) {
      const after = { ...inputOf([]), problems: [], listeners, isAlive: () => isAlive };
      const world = explainWorld(nextCatalog(before, after, 1), {
        swarm: { state: 'watched', text: 'the Swarm is watched', find: () => undefined, names: () => [] },
      });
      expect(explain('shop/api', world)).toMatchObject({
        cause: 'no-container',
        summary: 'the Swarm has no service shop_api any more; clients of shop/api wait for it to return',
        next: 'Deploy it again.',
      });
    }
  });

  it('is not explained by a container that declares another service', () => {
    const other = declare('other', declaredUpstream('x'), { port: 81, id: 'c0ffee' });
    const catalog = nextCatalog(catalogOf([declared]), { ...inputOf([other]), listeners }, 1);
    const world = explainWorld(catalog, { containers: () => [containerView()] });
    expect(explain('shop/api', world)).toMatchObject({ cause: 'no-container' });
  });
});

describe('a service of the configuration', () => {
  const own = { ...declare('db', undefined), declaredBy: { kind: 'static', position: 0 } } as const;
  const texts = (subject: string, over: Partial<ExplainWorld> = {}): string => {
    const upstream = declaredUpstream('db:1', { run: undefined, weight: 0 });
    const catalog = catalogOf([own, { ...own, service: 'cache', listen: { host: '127.0.0.1', port: 81 }, upstream }]);
    const engines = [engineView({ vantage: 'Sealane reaches containers' })];
    const { summary, next, steps } = explain(subject, explainWorld(catalog, { engines, ...over }));
    return [summary, next, ...steps.map(({ text }) => text)].join('\n');
  };

  it('is explained without a word of engines and containers', () => {
    for (const subject of ['db', 'cache', '8080', '81']) expect(texts(subject)).not.toMatch(/container|engine|label/);
    const withoutDocker = { engines: [] };
    for (const subject of ['dc', '82']) expect(texts(subject, withoutDocker)).not.toMatch(/container|engine|label/);
  });
});

describe('how a container ended', () => {
  const lastExit = { code: 3, atMs: Date.UTC(2026, 0, 2, 3, 4, 5) };
  const answerFor = (over: Partial<ContainerView>) => {
    const { summary, next } = explain('api-1', explainWorld(catalogOf([]), { inspected: [containerView(over)] }));
    return [summary, next];
  };

  it.each([
    [{ state: 'created' }, 'api-1 was created, but never started', 'docker start api-1'],
    [
      { state: 'exited', lastExit },
      'api-1 exited with code 3 at 2026-01-02T03:04:05Z',
      'See why it ended: docker logs api-1; then start it again: docker start api-1',
    ],
    [
      { state: 'exited', lastExit: { ...lastExit, code: 143 } },
      'api-1 exited with code 143 at 2026-01-02T03:04:05Z',
      'docker start api-1',
    ],
    [
      { state: 'restarting', restarts: 5, lastExit },
      'api-1 restarts: 5 times so far; it exited with code 3',
      'See why it ends: docker logs api-1',
    ],
  ])('%j', (over, summary, next) => {
    expect(answerFor(over)).toEqual([summary, next]);
  });

  it('is the answer for its service, too, while it restarts or has restarted several times', () => {
    const starting = one({ health: { kind: 'readiness' } }, { verdict: refused });
    const asked = (over: Partial<ContainerView>) =>
      explain('shop/api', explainWorld(starting, { containerOf: () => containerView(over) })).cause;
    expect([asked({ restarts: 2 }), asked({ restarts: 1 })]).toEqual(['restarting', 'nothing-listens']);
  });
});

describe('a port that clients can’t reach', () => {
  it('is published by a container, where Sealane is on the host', () => {
    const catalog = catalogOf([declare('api', declaredUpstream('a'))], { listeners: new Map() });
    const failed = { kind: 'failed', code: 'EADDRINUSE', message: 'in use' } as const;
    const over = {
      listeners: new Map([['127.0.0.1:8080', failed]]),
      containers: () => [containerView({ hostPorts: [8080] })],
    };
    expect(explain('api', explainWorld(catalog, over))).toMatchObject({
      cause: 'listen-failed',
      summary: '127.0.0.1:8080 is not open: api-1 publishes port 8080 on the host',
      next: 'Remove it from the `ports` of api-1 and recreate that container; Sealane retries automatically.',
    });
  });

  it('is not published by Sealane’s own container', () => {
    const inside = { ...declare('api', declaredUpstream('a')), listen: { host: '0.0.0.0', port: 8080 } };
    expect(explain('api', explainWorld(catalogOf([inside], { publishedPorts: [] })))).toMatchObject({
      verdict: 'degraded',
      cause: 'not-published',
      summary: "api is served inside of Sealane's container only, which does not publish port 8080",
      next: 'Add "127.0.0.1:8080:8080" to the `ports` of Sealane\'s container; containers on its networks need none.',
    });
  });

  it('is not published by the Swarm’s service that Sealane is a task of, which has no ports on single addresses', () => {
    const inside = { ...declare('api', declaredUpstream('a')), listen: { host: '0.0.0.0', port: 8080 } };
    const world = explainWorld(catalogOf([inside], { publishedPorts: [] }), { ownService: 'shop_sealane' });
    const line = '{ target: 8080, published: 8080, mode: host }';
    expect(explain('api', world)).toMatchObject({
      cause: 'not-published',
      next: `Add ${line} to the \`ports\` of Sealane's service shop_sealane; containers on its networks need none.`,
    });
  });
});

describe('the subject of a question', () => {
  it('may be a Swarm’s service or task, by the names that Docker shows', () => {
    const task = { id: 'k', service: 'shop_web', name: 'shop_web.2', slot: 2, node: 'node1' };
    const container = containerView({ id: 'new', name: 'shop_web.2.k', createdFor: 'shop/web', task });
    const old = { ...container, id: 'old', name: 'shop_web.2.j' };
    const upstreams = ['old', 'new'].map((id) =>
      declaredUpstream(id, {
        task,
        drainMs: 9,
        condition: id === 'old' ? { kind: 'stopping', reason: 'it was sent SIGTERM' } : running('none'),
      }),
    );
    const catalog = catalogOf(upstreams.map((upstream) => declare('shop/web', upstream)));
    const world = explainWorld(catalog, { containers: () => [old, container] });
    for (const text of ['shop_web', 'shop/web', 'web'])
      expect(explain(text, world)).toMatchObject({ kind: 'service', services: ['shop/web'] });
    // The one that takes clients is meant, not the one that it replaces.
    const { kind, steps } = explain('shop_web.2', world);
    expect([kind, steps.find(({ step }) => step === 'declared')?.text]).toEqual([
      'container',
      'shop_web.2.k is running, on network "shop_default", on node node1',
    ]);
    const [suggested] = explain('shop_wbe', explainWorld(catalogOf([]), { inspected: [container] })).suggestions;
    expect(suggested).toBe('shop_web');
    const global = { ...container, task: { id: 'g', service: 'agent', name: 'agent.x7', node: 'node1' } };
    for (const text of ['agent.x7', 'agent.node1', 'agent'])
      expect(explain(text, explainWorld(catalogOf([]), { containers: () => [global] })).kind).toBe('container');
  });

  it('may be a host of a route, or a URL', () => {
    const match = { ...plainMatch, names: [{ kind: 'host', pattern: '*.localhost' }] } as const;
    const catalog = catalogOf([{ ...declare('api', declaredUpstream('a')), match }]);
    for (const text of ['x.localhost', 'x.localhost:8080', 'http://x.localhost:8080/y'])
      expect(explain(text, explainWorld(catalog))).toMatchObject({ kind: 'service', services: ['api'] });
    expect(explain('http://127.0.0.1:8080/y', explainWorld(catalog))).toMatchObject({
      kind: 'port',
      services: ['api'],
    });
    expect(explain('x.example', explainWorld(catalog))).toMatchObject({ kind: 'unknown' });
    // On a port that is routed by name, no other name is served.
    const other = explain('http://x.example:8080', explainWorld(catalog));
    expect(other).toMatchObject({ kind: 'unknown', suggestions: ['*.localhost'] });
  });

  it('is the service that the relay leads a host to: that of the whole name, else of the longest wildcard', () => {
    const named = (name: string, pattern: string, port = 80) => ({
      ...declare(name, declaredUpstream(name), { port }),
      match: { ...plainMatch, names: [{ kind: 'host', pattern }] } as const,
    });
    const catalog = catalogOf([
      named('exact', 'api.localhost'),
      named('wild', '*.localhost'),
      named('any', '*'),
      named('other', '*.localhost', 81),
      declare('db', declaredUpstream('db'), { port: 82 }),
      named('plain', 'both.example', 83),
      { ...named('tls', 'both.example', 83), match: { ...named('tls', 'both.example').match, tls: 'terminate' } },
    ]);
    const servicesOf = (text: string) => explain(text, explainWorld(catalog)).services;
    expect(servicesOf('http://api.localhost')).toEqual(['exact']);
    expect(servicesOf('http://API.localhost/x')).toEqual(['exact']);
    expect(servicesOf('postgres://API.localhost:80')).toEqual(['exact']);
    expect(servicesOf('http://api.localhost:81')).toEqual(['other']);
    expect(servicesOf('http://x.api.localhost')).toEqual(['wild']);
    expect(servicesOf('https://api.localhost')).toEqual(['exact', 'other']);
    expect(servicesOf('both.example:83')).toEqual(['plain', 'tls']);
    expect(servicesOf('shop.example')).toEqual(['any']);
    expect(servicesOf('http://shop')).toEqual(['any']);
    // A route for any name says nothing of a text that may be a name of something else.
    expect(servicesOf('db')).toEqual(['db']);
    expect(explain('wilt', explainWorld(catalog))).toMatchObject({ kind: 'unknown', suggestions: ['wild'] });
    const containers = () => [containerView({ name: 'api.one' })];
    expect(explain('api.one', explainWorld(catalog, { containers }))).toMatchObject({ kind: 'container' });
  });

  it('may be a port that a container asks for whose labels are refused for another reason', () => {
    const labelTypo = problem('label-malformed', 'api-1', { containerId: 'c0ffee' });
    const asking = containerView({ asksFor: (port) => port === 81 });
    const catalog = catalogOf([declare('web', declaredUpstream('w'))], { problems: [labelTypo] });
    const world = explainWorld(catalog, { containers: () => [asking] });
    expect(explain('81', world)).toMatchObject({
      kind: 'port',
      cause: 'label-mistake',
      summary: 'api-1: what label-malformed means',
      suggestions: [],
    });
    expect(explain('82', world)).toMatchObject({ cause: 'no-such-port', suggestions: ['8080'] });
  });

  it('may be a port, with or without an address', () => {
    for (const text of ['8080', ':8080', '127.0.0.1:8080', 'localhost:8080', '[::1]:8080']) {
      expect(explain(text, explainWorld(one({})))).toMatchObject({
        kind: 'port',
        services: ['shop/api'],
        cause: 'fine',
      });
    }
    expect(explain('81', explainWorld(one({})))).toMatchObject({ cause: 'no-such-port', suggestions: ['8080'] });
  });

  it('may be the part of a name after the project', () => {
    expect(explain('api', explainWorld(one({})))).toMatchObject({ kind: 'service', services: ['shop/api'] });
  });

  it('may be mistyped: close names of services and of all containers are suggested', () => {
    const world = explainWorld(one({}), { otherNames: ['shop-apf'] });
    expect(explain('shop/apy', world)).toMatchObject({
      cause: 'no-such-service',
      suggestions: ['shop/api', 'shop-apf'],
    });
    expect(explain('nothing like it', world)).toMatchObject({ cause: 'no-such-service', suggestions: [] });
  });

  it('is not said to be missing while the engine is out of reach or its list is not read', () => {
    const why = (view: Partial<EngineView>): Explanation =>
      explain('x', explainWorld(catalogOf([]), { engines: [engineView(view)] }));
    expect(why({ status: { kind: 'connecting', reason: 'no such file' } })).toMatchObject({
      cause: 'engine-unreachable',
    });
    const slow = { kind: 'connecting', slow: 'answers slowly: GET /_ping has had no answer for 4s yet' } as const;
    expect(why({ status: slow, synced: false })).toMatchObject({
      cause: 'engine-unreachable',
      summary: 'the engine answers slowly: GET /_ping has had no answer for 4s yet',
    });
    expect(why({ synced: false })).toMatchObject({ cause: 'not-synced' });
  });

  it.each([
    ['db', 'there is no service or container "db"'],
    ['5433', 'no service listens on port 5433'],
  ])('may be written in a configuration file that can’t be read: %s', (text, missing) => {
    const broken = problem('config-invalid', 'configuration', { message: 'sealane.yaml:3:5: unknown option "lisen"' });
    const explanation = explain(text, explainWorld(catalogOf([], { problems: [broken] })));
    expect(explanation).toMatchObject({ verdict: 'unreachable', cause: 'config-invalid' });
    expect(explanation.summary).toBe(
      `${missing}; the configuration file was not applied: sealane.yaml:3:5: unknown option "lisen"`,
    );
    expect(explanation.next).not.toMatch(/label/);
  });

  it('is not blamed for a problem whose subject only has the same name', () => {
    const about = [problem('config-invalid', 'configuration'), problem('certificate-unusable', 'certs/db.pem')];
    const catalog = catalogOf(
      ['configuration', 'certs/db.pem'].map((name, index) =>
        declare(name, declaredUpstream(name), { port: 8080 + index }),
      ),
      { problems: about },
    );
    for (const name of ['configuration', 'certs/db.pem'])
      expect(explain(name, explainWorld(catalog))).toMatchObject({ cause: 'fine', problems: [] });
  });

  it('is printed with escapes, whatever it contains', () => {
    const { subject, summary } = explain('\u001b[31m<b>\n', explainWorld(catalogOf([])));
    expect(subject + summary).not.toMatch(/\p{Cc}/u);
  });
});
