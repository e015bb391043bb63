import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optionNames, routeOptions } from '../../../src/config/options/route-options.ts';
import { readLabels } from '../../../src/discovery/labels.ts';

const container = { id: 'c1', name: 'web-1' };
const read = (labels: Record<string, string>) => readLabels(labels, 'sealane', container);

describe('labels', () => {
  it('make one unnamed route of plain options', () => {
    const { routes, problems } = read({ 'sealane.listen': '5432', 'sealane.port': '80', 'sealane.hold': '3s' });
    expect(problems).toEqual([]);
    expect(routes).toEqual([
      { name: undefined, values: { listen: [{ host: undefined, port: 5432, count: 1 }], port: 80, hold: 3000 } },
    ]);
  });

  it('with a hundred thousand mistakes make a few problems and a count of the others', () => {
    const labels = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`sealane.unknown-${index}`, 'x']));
    const { problems } = read({ ...labels, 'sealane.alow': '10.0.0.0/8', 'sealane.zzz-allow': 'x' });
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toMatchObject({ code: 'label-unknown', subject: 'web-1', containerId: 'c1' });
    expect(problems.at(-1)?.message).toContain('99982 more labels');
  });

  it('of other tools are ignored', () => {
    expect(read({ 'traefik.enable': 'true', sealane: 'x', sealanes: 'y' })).toEqual({ routes: [], problems: [] });
  });

  it('make named routes, for which plain options other than listen and port are the defaults', () => {
    const { routes } = read({
      'sealane.network': 'backend',
      'sealane.web.port': '80',
      'sealane.admin.port': '9000',
      'sealane.admin.network': 'ops',
    });
    expect(routes).toEqual([
      { name: 'admin', values: { network: 'ops', port: 9000 } },
      { name: 'web', values: { network: 'backend', port: 80 } },
    ]);
  });

  it('make an unnamed route beside named ones when it has a port of its own', () => {
    const { routes } = read({ 'sealane.port': '80', 'sealane.admin.port': '9000' });
    expect(routes.map((route) => route.name)).toEqual([undefined, 'admin']);
  });

  it('that are empty are malformed, not 0: an upstream with weight 0 would get no clients', () => {
    const { routes, problems } = read({ 'sealane.listen': '80', 'sealane.weight': '' });
    expect(problems).toMatchObject([{ code: 'label-malformed', label: 'sealane.weight' }]);
    expect(routes[0]?.values.weight).toBeUndefined();
  });

  it('switch a container or one route off with enable=false', () => {
    expect(read({ 'sealane.enable': 'false', 'sealane.web.port': '80' }).routes).toEqual([]);
    expect(
      read({ 'sealane.web.enable': 'false', 'sealane.web.port': '80', 'sealane.api.port': '81' }).routes,
    ).toHaveLength(1);
  });

  it.each(['true', 'True', 'TRUE', 'yes', 'Yes', 'y', 'on', '1', ' true '])(
    'switch a container on with enable=%s',
    (text) => {
      const { routes, problems } = read({ 'sealane.enable': text, 'sealane.port': '80' });
      expect(problems).toEqual([]);
      expect(routes).toMatchObject([{ values: { enable: true, port: 80 } }]);
    },
  );

  it.each(['false', 'False', 'FALSE', 'no', 'n', 'off', '0'])('switch a container off with enable=%s', (text) => {
    expect(read({ 'sealane.enable': text, 'sealane.port': '80' })).toEqual({ routes: [], problems: [] });
  });

  it.each(['ture', '', '2', 'enabled'])('with another value of enable (%j) say what is expected, and wait', (text) => {
    const { routes, problems } = read({ 'sealane.enable': text, 'sealane.port': '80' });
    expect(routes).toEqual([]);
    expect(problems[0]?.message).toMatch(/must be true or false, not/);
  });

  it('serve a container with all defaults on enable=true alone', () => {
    expect(read({ 'sealane.enable': 'true' }).routes).toEqual([{ name: undefined, values: { enable: true } }]);
  });

  it.each([
    ['sealane.prot', 'did you mean "sealane.port"'],
    ['sealane.web.lisen', 'did you mean "sealane.web.listen"'],
    ['sealane.health.intervall', 'did you mean "sealane.health.interval"'],
    ['sealane.Listen', 'did you mean "sealane.listen"'],
    ['sealane.a.prot', 'did you mean "sealane.a.port"'],
  ])('that are unknown (%s) become problems with a suggestion', (label, meant) => {
    const { problems } = read({ [label]: 'x', 'sealane.port': '80' });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(meant);
    expect(problems[0]?.label).toBe(label);
  });

  it.each(['balence', 'fancy', 'healht.interval'])('that are unknown (%s) do not affect the route', (option) => {
    expect(read({ [`sealane.${option}`]: '1', 'sealane.listen': '80' }).routes).toHaveLength(1);
  });

  it.each(optionNames.map((option) => [option, routeOptions[option].onMistake] as const))(
    'whose name is a near miss of %s have the same effect as one with a malformed value: %s',
    (option, onMistake) => {
      const mistyped = `sealane.${option[1]}${option[0]}${option.slice(2)}`;
      const { routes, problems } = read({ [mistyped]: 'x', 'sealane.pool': 'web' });
      expect(problems).toMatchObject([{ code: 'label-unknown', label: mistyped }]);
      expect(problems[0]?.message).toContain(`did you mean "sealane.${option}"?`);
      expect(problems[0]?.message.endsWith('; the route is not served')).toBe(onMistake === 'refuse');
      expect(routes).toHaveLength(onMistake === 'refuse' ? 0 : 1);
    },
  );

  it('with a malformed value fall back to the default where that is safe', () => {
    const { routes, problems } = read({ 'sealane.listen': '80', 'sealane.weight': 'heavy' });
    expect(routes).toEqual([{ name: undefined, values: { listen: [{ host: undefined, port: 80, count: 1 }] } }]);
    expect(problems[0]?.message).toBe(
      'label "sealane.weight" must be a whole number, 0-256, not "heavy"; the default is used',
    );
  });

  it.each(['sealane.port', 'sealane.listen', 'sealane.enable', 'sealane.pool'])(
    'with a malformed %s refuse the route rather than guess',
    (label) => {
      const { routes, problems } = read({ 'sealane.weight': '2', [label]: '-!' });
      expect(routes).toEqual([]);
      expect(problems).toHaveLength(1);
    },
  );

  it('name hosts, servers, proxies and ranges of addresses', () => {
    const { routes, problems } = read({
      'sealane.host': 'api.localhost, *.api.localhost',
      'sealane.sni': 'API.localhost',
      'sealane.accept-proxy': '10.0.0.0/8',
      'sealane.proxy-protocol': 'v2',
      'sealane.allow': '127.0.0.1',
      'sealane.max-connections': '10',
      'sealane.max-connections.service': '100',
      'sealane.connection-rate.client': '5',
    });
    expect(problems).toEqual([]);
    expect(routes[0]?.values).toEqual({
      host: ['api.localhost', '*.api.localhost'],
      sni: ['api.localhost'],
      'accept-proxy': ['10.0.0.0/8'],
      'proxy-protocol': 'v2',
      allow: ['127.0.0.1/32'],
      'max-connections': 10,
      'max-connections.service': 100,
      'connection-rate.client': { perSecond: 5, burst: 5 },
    });
  });

  it('of a named route may override the plain ones', () => {
    const { routes } = read({
      'sealane.proxy-protocol': 'v1',
      'sealane.accept-proxy': 'true',
      'sealane.web.port': '80',
      'sealane.web.proxy-protocol': 'off',
      'sealane.web.accept-proxy': 'false',
    });
    expect(routes).toStrictEqual([
      { name: 'web', values: { port: 80, 'proxy-protocol': undefined, 'accept-proxy': [] } },
    ]);
  });

  it.each([
    ['host', 'http://api.localhost', /must be names such as api\.localhost, without http:\/\/ or a path, not "http:/],
    ['sni', 'api.localhost:443', /must be names without a port/],
    ['accept-proxy', 'yes', /must be true, false, or addresses or ranges/],
    ['proxy-protocol', '2', /must be v1, v2 or off/],
    ['allow', '10.0.0.0/33', /must be addresses or ranges such as/],
    ['deny', 'localhost', /must be addresses or ranges such as/],
  ])('that say which clients may connect (%s) refuse the route when they are malformed', (option, text, message) => {
    const { routes, problems } = read({ 'sealane.listen': '80', [`sealane.${option}`]: text });
    expect(routes).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.message).toMatch(/the route is not served$/);
  });

  it.each([
    ['max-connections', '0', /must be a whole number, 1-1000000/],
    ['max-connections', 'unlimited', /must be a whole number, 1-1000000/],
    ['max-connections.service', '1e9', /must be a whole number, 1-1000000/],
    ['max-connections.client', 'few', /must be a whole number, 1-1000000/],
    ['connection-rate.client', '10/s', /must be a whole number, 1-100000/],
    ['max-connections.servce', '1', /did you mean "sealane\.max-connections\.service"/],
    ['max-connection', '1', /did you mean "sealane\.max-connections"/],
    ['connection-rate', '10', /did you mean "sealane\.connection-rate\.client"/],
    ['web.connection-rate', '10', /did you mean "sealane\.web\.connection-rate\.client"/],
  ])('with a mistake in a limit (%s=%s) refuse the route, which would have none', (option, text, message) => {
    const { routes, problems } = read({ 'sealane.web.listen': '80', [`sealane.${option}`]: text });
    expect(routes).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.message).toMatch(/; the route is not served$/);
  });

  it('that restrict clients all refuse the route when they are malformed', () => {
    const restrictions = optionNames.filter((option) => routeOptions[option].stricter !== undefined);
    expect(restrictions).toContain('connection-rate.client');
    for (const option of restrictions) expect([option, routeOptions[option].onMistake]).toEqual([option, 'refuse']);
  });

  it('with a mistake in a time do not refuse the route', () => {
    const { routes, problems } = read({ 'sealane.listen': '80', 'sealane.sniff-timeout': '0' });
    expect(routes).toHaveLength(1);
    expect(problems[0]?.message).toMatch(/must be longer than 0, not "0"; the default is used$/);
  });

  it('that guard a route refuse it when their names are mistyped', () => {
    const { routes, problems } = read({ 'sealane.alow': '10.0.0.0/8', 'sealane.listen': '80' });
    expect(routes).toEqual([]);
    expect(problems[0]?.message).toBe(
      'unknown label "sealane.alow" (did you mean "sealane.allow"?); the route is not served',
    );
    expect(read({ 'sealane.web.dney': '::/0', 'sealane.web.port': '80', 'sealane.ops.port': '81' }).routes).toEqual([
      { name: 'ops', values: { port: 81 } },
    ]);
  });

  it.each(optionNames.filter((option) => routeOptions[option].onMistake === 'refuse'))(
    'that have the route behind the option (%s.web) refuse the route that is meant',
    (option) => {
      const { routes, problems } = read({ [`sealane.${option}.web`]: 'x', 'sealane.web.port': '80' });
      expect(routes).toEqual([]);
      expect(problems[0]?.message).toMatch(/did you mean "sealane\..*"\?\); the route is not served$/);
    },
  );

  it('that have the route behind the option name the right label', () => {
    const { routes, problems } = read({ 'sealane.allow.web': '10.0.0.0/8', 'sealane.web.port': '80' });
    expect(routes).toEqual([]);
    expect(problems.map(({ message }) => message)).toEqual([
      'unknown label "sealane.allow.web" (did you mean "sealane.web.allow"?); the route is not served',
    ]);
  });

  it('that are malformed as defaults refuse the routes that inherit them', () => {
    const { routes } = read({
      'sealane.allow': '10.0.0.0/33',
      'sealane.web.port': '80',
      'sealane.ops.port': '81',
      'sealane.ops.allow': '127.0.0.1',
    });
    expect(routes).toEqual([{ name: 'ops', values: { port: 81, allow: ['127.0.0.1/32'] } }]);
    expect(read({ 'sealane.enable': 'flase', 'sealane.web.port': '80' }).routes).toEqual([]);
    expect(read({ 'sealane.listen': 'x', 'sealane.web.port': '80' }).routes).toHaveLength(1);
  });

  it('with a mistake on one route do not affect other routes', () => {
    const { routes } = read({ 'sealane.a.port': 'x', 'sealane.b.port': '81' });
    expect(routes.map((route) => route.name)).toEqual(['b']);
  });

  it('with hostile text are printed with escapes', () => {
    const { problems } = read({ 'sealane.weight': '\u001b[31m\nred"', [`sealane.${'x'.repeat(5000)}`]: '' });
    for (const { message } of problems) {
      expect(message).not.toMatch(/\p{C}/u);
      expect(message.length).toBeLessThan(400);
    }
  });

  it('of any text never throw', () => {
    const key = fc.oneof(
      fc.string().map((text) => `sealane.${text}`),
      fc.constantFrom(...Object.keys(routeOptions)).map((option) => `sealane.${option}`),
      fc.constant('__proto__'),
    );
    fc.assert(
      fc.property(fc.dictionary(key, fc.string()), (labels) => {
        const { routes, problems } = read(labels);
        expect(Array.isArray(routes) && Array.isArray(problems)).toBe(true);
      }),
    );
  });
});

describe('labels of a route with a name close to that of another', () => {
  const web = { 'sealane.web.listen': '80', 'sealane.web.port': '3000' };
  const ops = { 'sealane.ops.listen': '81', 'sealane.ops.port': '3001' };
  const namesOf = (labels: Record<string, string>) => read(labels).routes.map(({ name }) => name);

  it.each([
    ['wbe.allow', '10.0.0.0/8'],
    ['webb.deny', '::/0'],
    ['we.max-connections', '5'],
    ['wab.max-connections.client', '5'],
    ['wbe.connection-rate.client', '5'],
    ['wbe.enable', 'false'],
    ['wbe.tls', 'terminate'],
    ['wbe.allow', '10.0.0.0/33'],
    ['wbe.alow', '10.0.0.0/8'],
    ['Web.allow', '10.0.0.0/8'],
    ['WEB.deny', '::/0'],
    ['web_.allow', '10.0.0.0/8'],
  ])('that no label declares keep the other from being served without what it needs: %s', (label, text) => {
    const key = `sealane.${label}`;
    const { routes, problems } = read({ ...web, ...ops, [key]: text });
    expect(routes.map(({ name }) => name)).toEqual(['ops']);
    const problem = problems.find(({ message }) => message.includes('did you mean "sealane.web.'));
    expect(problem).toMatchObject({ code: 'label-unknown', label: key });
    expect(problem?.message).toContain(`label "${key}"`);
    expect(problem?.message).toMatch(/\bweb (is|are) not served$/);
  });

  it('name both routes and the fix', () => {
    const { problems } = read({ ...web, 'sealane.wbe.allow': '10.0.0.0/8' });
    expect(problems).toEqual([
      {
        code: 'label-unknown',
        subject: 'web-1',
        containerId: 'c1',
        label: 'sealane.wbe.allow',
        message:
          'label "sealane.wbe.allow" is of a route that no label declares (did you mean "sealane.web.allow"?); routes wbe, web are not served',
        fix: 'Correct the label, or declare the route as well (sealane.wbe.port).',
      },
    ]);
  });

  it('make no route of their own, which would be open, where the other can be served without them', () => {
    const { routes, problems } = read({ ...web, 'sealane.web.allow': '10.0.0.0/8', 'sealane.wbe.hold': '3s' });
    expect(routes.map(({ name }) => name)).toEqual(['web']);
    expect(problems.map(({ message }) => message)).toEqual([
      'label "sealane.wbe.hold" is of a route that no label declares (did you mean "sealane.web.hold"?); route wbe is not served',
    ]);
  });

  it('keep each route from being served that may be meant', () => {
    const labels = { 'sealane.app1.port': '81', 'sealane.app2.port': '82', 'sealane.backend.port': '83' };
    expect(namesOf({ ...labels, 'sealane.app3.allow': '10.0.0.0/8' })).toEqual(['backend']);
  });

  it('keep both from being served where no label declares either', () => {
    expect(namesOf({ 'sealane.hold': '3s', 'sealane.web.drain': '1s', 'sealane.wbe.allow': '::/0' })).toEqual([]);
  });

  it.each([
    ['each has a port', { 'sealane.web1.port': '81', 'sealane.web2.port': '82', 'sealane.web2.allow': '::/0' }],
    ['each has a name', { 'sealane.web1.host': 'a.test', 'sealane.web2.sni': 'b.test', 'sealane.web2.allow': '::/0' }],
    ['each has a pool', { 'sealane.web1.port': '81', 'sealane.web2.pool': 'b', 'sealane.web2.allow': '::/0' }],
    ['one is switched on', { 'sealane.web1.port': '81', 'sealane.web2.enable': 'true', 'sealane.web2.allow': '::/0' }],
  ])('are that route’s own where %s', (_title, labels) => {
    const { routes, problems } = read(labels);
    expect(problems).toEqual([]);
    expect(routes.map(({ name }) => name)).toEqual(['web1', 'web2']);
  });

  it('are that route’s own where the other’s name is not close, or where there is none', () => {
    expect(namesOf({ ...web, 'sealane.admin.allow': '::/0' })).toEqual(['admin', 'web']);
    expect(namesOf({ 'sealane.web.allow': '::/0' })).toEqual(['web']);
  });

  it('of a route that does not exist and whose name is close to no other are unknown', () => {
    const { routes, problems } = read({ ...web, 'sealane.Admin.allow': '::/0' });
    expect(routes).toHaveLength(1);
    expect(problems.map(({ message }) => message)).toEqual(['unknown label "sealane.Admin.allow"']);
  });

  it('that are too many to compare keep every named route from being served', () => {
    const many = (name: string, option: string, value: string): Record<string, string> =>
      Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`sealane.${name}-${index}.${option}`, value]));
    expect(namesOf({ ...many('web', 'port', '80'), ...many('other', 'allow', '::/0') })).toEqual([]);
  });
});
