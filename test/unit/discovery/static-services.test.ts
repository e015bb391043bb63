import { describe, expect, it } from 'vitest';
import { namesRulesOf } from '../../../src/config/names/settings.ts';
import { mergeSettings, settingsSchemas } from '../../../src/config/settings.ts';
import { parseConfigFile } from '../../../src/config/file.ts';
import { declareStatic, isConfigured, type Resolution } from '../../../src/discovery/static-services.ts';

const declare = (yaml: string, resolutions: Record<string, Resolution> = {}) =>
  declareStatic(parseConfigFile(`services:\n${yaml}`, 'sealane.yaml').services, new Map(Object.entries(resolutions)), {
    bind: '127.0.0.1',
  });
const resolved = (...addresses: string[]): Resolution => ({ kind: 'resolved', addresses });

describe('a static service', () => {
  it('has an upstream with all addresses of its name, in their order', () => {
    const { declarations } = declare('  db: { listen: 1, upstreams: ["db:5"] }', {
      db: resolved('10.0.0.1', '10.0.0.2'),
    });
    expect(declarations).toMatchObject([
      {
        service: 'db',
        listen: { host: '127.0.0.1', port: 1 },
        upstream: { name: 'db:5', endpoints: [{ host: '10.0.0.1' }, { host: '10.0.0.2' }] },
      },
    ]);
  });

  it('keeps its upstream when the name server gives the same addresses in another order', () => {
    const keyOf = (...addresses: string[]) =>
      declare('  db: { listen: 1, upstreams: ["db:5"] }', { db: resolved(...addresses) }).declarations[0]?.upstream
        ?.key;
    expect(keyOf('10.0.0.2', '10.0.0.1')).toBe(keyOf('10.0.0.1', '10.0.0.2'));
    expect(keyOf('10.0.0.3', '10.0.0.1')).not.toBe(keyOf('10.0.0.1', '10.0.0.2'));
  });

  it('has its upstream while the file names it, whatever the addresses of its name are', () => {
    const yaml = '  db: { listen: 70-71, upstreams: ["db:5"] }';
    const keys = declare(yaml, { db: resolved('10.0.0.1') }).declarations.map(({ upstream }) => upstream?.key ?? '');
    const named = (text: string) => {
      const { services } = parseConfigFile(`services:\n${text}`, 'sealane.yaml');
      return keys.map((key) => isConfigured(services, { bind: '127.0.0.1' }, key));
    };
    expect(named(yaml)).toEqual([true, true]);
    expect(named('  db: { listen: 70-71, upstreams: ["db:6"] }')).toEqual([false, false]);
    expect(named('  shop: { listen: 70-71, upstreams: ["db:5"] }')).toEqual([false, false]);
  });

  it('is declared while its names do not resolve, with a problem', () => {
    const failed: Resolution = { kind: 'failed', reason: 'no such name' };
    const { declarations, problems } = declare('  db: { listen: 1, upstreams: ["db:5"] }', { db: failed });
    expect(declarations).toMatchObject([{ upstream: undefined }]);
    expect(problems).toMatchObject([{ code: 'name-unresolved', subject: 'db' }]);
  });

  it('has no upstream that is its own port: a client would come back without end', () => {
    const here = {
      localhost: resolved('127.0.0.1'),
      '10.0.0.1': resolved('10.0.0.1'),
      '127.0.0.1': resolved('127.0.0.1'),
    };
    const upstreamsOf = (yaml: string) => {
      const { declarations, problems } = declare(`  db: ${yaml}`, here);
      return [declarations.map(({ upstream }) => upstream?.name), problems.map(({ code }) => code)];
    };
    expect(upstreamsOf('{ listen: 70, upstreams: ["localhost:70"] }')).toEqual([[undefined], ['upstream-loops']]);
    expect(upstreamsOf('{ listen: 0.0.0.0:70, upstreams: ["127.0.0.1:70", "127.0.0.1:71"] }')).toEqual([
      [undefined, '127.0.0.1:71'],
      ['upstream-loops'],
    ]);
    expect(upstreamsOf('{ listen: 0.0.0.0:70, upstreams: ["10.0.0.1:70"] }')).toEqual([['10.0.0.1:70'], []]);
    expect(upstreamsOf('{ listen: 70-71, upstreams: ["127.0.0.1:71"] }')).toEqual([
      ['127.0.0.1:71', '127.0.0.1:72'],
      [],
    ]);
  });

  it('may listen on several addresses, and on ranges with its upstreams’ ports in step', () => {
    const { declarations } = declare('  f: { listen: ["70-71", "[::1]:80-81"], upstreams: ["a:5"] }', {
      a: resolved('10.0.0.1'),
    });
    expect(
      declarations.map((one) => [one.service, one.listen.host, one.listen.port, one.upstream?.endpoints[0]?.port]),
    ).toEqual([
      ['f:70', '127.0.0.1', 70, 5],
      ['f:70', '::1', 80, 5],
      ['f:71', '127.0.0.1', 71, 6],
      ['f:71', '::1', 81, 6],
    ]);
  });

  it.each([
    ['', ['http/1.1']],
    ['tls.alpn: "h2, http/1.1", ', ['h2', 'http/1.1']],
    ['tls.alpn: off, ', []],
  ])('whose TLS is terminated negotiates HTTP/1.1, or the protocols of its option: %s', (option, alpn) => {
    const { declarations } = declare(`  s: { listen: 443, tls: terminate, ${option}upstreams: ["a:5"] }`, {
      a: resolved('10.0.0.1'),
    });
    expect(declarations).toMatchObject([{ match: { tls: 'terminate' }, pool: { alpn } }]);
  });

  it('may listen on a socket, and have a socket as its upstream', () => {
    const { declarations } = declare('  s: { listen: unix:/run/a.sock, upstreams: [unix:/run/b.sock] }', {
      'unix:/run/b.sock': resolved('unix:/run/b.sock'),
    });
    expect(declarations).toMatchObject([
      {
        listen: { host: 'unix:/run/a.sock', port: 0 },
        upstream: { name: 'unix:/run/b.sock', endpoints: [{ host: 'unix:/run/b.sock', port: 0 }] },
      },
    ]);
  });
});

describe('a static service without a listen address', () => {
  const rules = namesRulesOf(
    mergeSettings([
      {
        names: settingsSchemas.names.parse('{service}.{project}.localhost'),
        'names-listen': settingsSchemas['names-listen'].parse('80,443'),
      },
    ]),
  );
  const parsed = (yaml: string) => parseConfigFile(`services:\n${yaml}`, 'sealane.yaml', () => true).services;
  const namesOf = (yaml: string) =>
    declareStatic(parsed(yaml), new Map([['a', resolved('10.0.0.1')]]), {
      bind: '127.0.0.1',
      names: rules,
    }).declarations.map(
      ({ service, listen, match }) =>
        `${service} ${listen.port} ${match.tls} ${match.names.map(({ pattern }) => pattern).join()}`,
    );

  it('is served under its name where names are given', () => {
    expect(namesOf('  legacy: { upstreams: ["a:3000"] }')).toEqual([
      'legacy 80 passthrough legacy.localhost',
      'legacy 443 terminate legacy.localhost',
    ]);
    expect(namesOf('  shop/My_API: { upstreams: ["a:3000"] }')[0]).toBe(
      'shop/My_API 80 passthrough my-api.shop.localhost',
    );
    expect(namesOf('  x: { host: old.test, upstreams: ["a:5432"] }')[1]).toBe('x 443 terminate old.test');
    expect(namesOf('  x: { listen: 90, upstreams: ["a:1"] }')).toEqual(['x 90 passthrough ']);
    const keyed = '  legacy: { upstreams: ["a:3000"] }';
    expect(isConfigured(parsed(keyed), { bind: '127.0.0.1', names: rules }, 'static/legacy/a:3000/10.0.0.1')).toBe(
      true,
    );
  });

  it.each([
    ['upstreams: ["a:5432"]', 'and port 5432 (Postgres) gets no name'],
    ['sni: a.test, upstreams: ["a:1"]', 'and with sni it gets no name'],
    ['tls: terminate, upstreams: ["a:1"]', 'and with tls: terminate it gets no name'],
    ['protocol: postgres, upstreams: ["a:1"]', 'and with protocol: postgres it gets no name'],
  ])('is a mistake where its clients speak no HTTP: %s', (options, reason) => {
    expect(() => parsed(`  db: { ${options} }`)).toThrow(
      `sealane.yaml:2:3: service "db" has no listen address, ${reason}; add \`listen`,
    );
  });

  it('is a mistake where no names are given', () => {
    expect(() => declare('  db: { upstreams: ["a:1"] }')).toThrow('service "db" has no listen address; add `listen');
  });
});
