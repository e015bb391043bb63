import { describe, expect, it } from 'vitest';
import { createAdminApp } from '../../../src/admin/app.ts';
import { adminSource } from '../../support/sealane/admin-source.ts';

const token = 'correct-horse-battery';

function admin(rules: { token?: string; names?: string[] } = {}, transport?: 'socket') {
  const source = adminSource();
  const app = createAdminApp(source, { token: rules.token, names: rules.names ?? [] });
  const ask = async (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    app.request(
      path,
      { ...init, headers: { host: '127.0.0.1:8470', ...headers } },
      { ...(transport && { transport }) },
    );
  return { source, ask };
}

describe('the host name of a request', () => {
  it.each(['127.0.0.1:8470', 'localhost:8470', 'LOCALHOST', '[::1]:8470', '192.168.1.7', 'sealane.test:8470'])(
    'may be %s',
    async (host) => {
      expect((await admin({ names: ['sealane.test'] }).ask('/api/services', { host })).status).toBe(200);
    },
  );

  it.each(['evil.example:8470', 'localhost.evil.example', '127.0.0.1.evil.example', 'sealane', ''])(
    'may not be %j, a name that a page could have pointed here',
    async (host) => {
      const { ask } = admin();
      for (const path of ['/api/services', '/metrics', '/openapi.json', '/login']) {
        expect((await ask(path, { host })).status).toBe(403);
      }
    },
  );

  it('may be any with the right bearer token, which no page could know', async () => {
    const { ask } = admin({ token });
    expect((await ask('/metrics', { host: 'sealane:8470', authorization: `Bearer ${token}` })).status).toBe(200);
  });
});

describe('the token', () => {
  it.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer wrong-horse-battery' }],
    ['a part of it', { authorization: `Bearer ${token.slice(0, -1)}` }],
    ['one of another kind', { authorization: `Basic ${token}` }],
    ['a wrong cookie', { cookie: 'sealane-8470=AAAA' }],
    ['itself as the cookie', { cookie: `sealane-8470=${token}` }],
  ])('%s opens nothing', async (_what, headers) => {
    const { ask, source } = admin({ token });
    for (const path of ['/api/services', '/api/events', '/metrics', '/openapi.json', '/no-such-page']) {
      const response = await ask(path, headers);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="sealane"']);
    }
    expect((await ask('/api/upstreams/api-1/drain', headers, { method: 'POST' })).status).toBe(401);
    expect(source.asked).toEqual([]);
  });

  it('opens everything as Authorization: Bearer', async () => {
    const { ask } = admin({ token });
    expect((await ask('/api/services', { authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it('becomes a cookie that no script reads and no other site sends', async () => {
    const { ask } = admin({ token });
    expect((await ask('/login?token=wrong')).status).toBe(401);
    const response = await ask(`/login?token=${token}`);
    expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).not.toContain(token);
    const [pair = ''] = cookie.split(';');
    expect((await ask('/api/services', { cookie: pair })).status).toBe(200);
  });

  /** As a browser keeps them: by name, whatever the port. */
  it('is remembered beside those of other Sealanes on the same machine', async () => {
    const kept = new Map<string, string>();
    const hosts = ['127.0.0.1:8470', '127.0.0.1:8471', '127.0.0.1'];
    const sealanes = hosts.map((host) => ({
      host,
      own: `token-of-${host}`,
      ask: admin({ token: `token-of-${host}` }).ask,
    }));
    for (const { ask, host, own } of sealanes) {
      const { headers } = await ask(`/login?token=${own}`, { host });
      const [pair = ''] = (headers.get('set-cookie') ?? '').split(';');
      kept.set(pair.slice(0, pair.indexOf('=')), pair);
    }
    const cookie = [...kept.values()].join('; ');
    for (const { ask, host } of sealanes) expect((await ask('/api/services', { host, cookie })).status).toBe(200);
  });
});

describe('an action', () => {
  const drain = '/api/upstreams/api-1/drain';

  it.each([
    ['another site', { origin: 'http://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:9999' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['a site that hides its origin', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
  ])('from %s is refused', async (_what, headers) => {
    const { ask, source } = admin();
    expect((await ask(drain, headers, { method: 'POST' })).status).toBe(403);
    expect(source.asked).toEqual([]);
  });

  it.each([
    ['our own page', { origin: 'http://127.0.0.1:8470', 'sec-fetch-site': 'same-origin' }],
    ['a command', {}],
  ])('from %s is done', async (_what, headers) => {
    const { ask, source } = admin();
    expect((await ask(drain, headers, { method: 'POST' })).status).toBe(200);
    expect(source.asked).toHaveLength(1);
  });

  it('may have a body of 4 kilobytes at most', async () => {
    const { ask } = admin();
    const body = JSON.stringify({ weight: 1, padding: 'x'.repeat(5_000) });
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
    const response = await ask('/api/upstreams/api-1/weight', headers, { method: 'PUT', body });
    expect(response.status).toBe(413);
  });
});

describe('a page of another site', () => {
  const headers = { 'sec-fetch-site': 'cross-site' };

  it.each([
    ['of any kind', 'cross-site'],
    ['that is another port of this machine', 'same-site'],
  ])('%s reads nothing, and is no subscriber', async (_what, site) => {
    const { ask, source } = admin();
    for (const path of ['/api/services', '/api/events', '/api/why/web']) {
      for (const method of ['GET', 'HEAD'])
        expect((await ask(path, { 'sec-fetch-site': site }, { method })).status).toBe(403);
    }
    expect(source.feed.subscribers).toBe(0);
  });

  it('may link to the login, which redirects to the page', async () => {
    const { ask } = admin({ token });
    const link = { ...headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask(`/login?token=${token}`, link)).status).toBe(303);
    expect((await ask('/readyz', link)).status).toBe(200);
  });
});

describe('every answer', () => {
  it('gives no other site a right to read it, and cannot be framed or sniffed', async () => {
    const { headers } = await admin().ask('/api/services', { origin: 'http://evil.example' });
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('content-security-policy')).toMatch(/default-src '(?:self|none)'.*frame-ancestors 'none'/);
  });

  it.each(['/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/static/..%5c..%5cetc', '/%00', '/%ff%fe'])(
    'to %s is that there is no such page, without echoing anything live',
    async (path) => {
      const response = await admin().ask(path);
      expect(response.status).toBe(404);
      expect(await response.text()).not.toMatch(/root:|\p{Cc}/u);
    },
  );
});

it('a caller on the unix socket needs no token, and may use any host name', async () => {
  const { ask, source } = admin({ token }, 'socket');
  expect((await ask('/api/services', { host: 'anything' })).status).toBe(200);
  expect((await ask('/api/upstreams/api-1/drain', { host: 'x' }, { method: 'POST' })).status).toBe(200);
  expect(source.asked).toHaveLength(1);
});
