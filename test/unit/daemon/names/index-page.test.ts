import { describe, expect, it } from 'vitest';
import { renderIndex, type NamesShown } from '../../../../src/daemon/names/index-page.ts';

const shown: NamesShown = {
  hosts: ['api.shop.localhost', 'web.shop.localhost'],
  tlsHosts: ['web.shop.localhost'],
  plainPorts: [80, 8080],
  tlsPorts: [443, 8443],
  domain: 'localhost',
  explainNames: true,
};
const html = 'text/html,application/xhtml+xml';

describe('the index of names', () => {
  it.each(['localhost', 'LOCALHOST.', '127.0.0.1', '[::1]', undefined, ''])(
    'is for clients that ask for %s',
    (host) => {
      const { status, type, body } = renderIndex({ host }, shown);
      expect({ status, type }).toEqual({ status: 200, type: 'text/plain; charset=utf-8' });
      expect(body).toBe('These names are served here:\n\n  http://api.shop.localhost\n  http://web.shop.localhost\n');
    },
  );

  it.each([
    ['localhost:8080', ['http://api.shop.localhost:8080', 'http://web.shop.localhost:8080']],
    ['localhost:8443', ['https://web.shop.localhost:8443']],
    ['localhost:9999', ['http://api.shop.localhost:9999', 'http://web.shop.localhost:9999']],
  ])('has links of the scheme and port of %s', (host, links) => {
    const { body } = renderIndex({ host, accept: html }, shown);
    expect([...body.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(links);
  });

  it('is a page for browsers, which say that they accept one', () => {
    expect(renderIndex({ host: 'localhost', accept: html }, shown)).toMatchObject({
      type: 'text/html; charset=utf-8',
      body: expect.stringMatching(/^<!doctype html>/),
    });
  });

  it('says that there are no names yet', () => {
    expect(renderIndex({ host: 'localhost' }, { ...shown, hosts: [] }).body).toBe(
      'No container has a name here yet.\n',
    );
  });

  it('guesses no name that is like the asked one only in what all names end with', () => {
    const short = { ...shown, hosts: ['web.localhost'], domain: 'localhost' };
    expect(renderIndex({ host: 'db.localhost' }, short).body).not.toContain('Did you mean');
    expect(renderIndex({ host: 'wbe.localhost' }, short).body).toContain('Did you mean http://web.localhost?');
  });

  it('says to clients of an unknown name which one they may mean, and lists them', () => {
    expect(renderIndex({ host: 'wbe.shop.localhost:8080' }, shown)).toEqual({
      status: 404,
      type: 'text/plain; charset=utf-8',
      body: 'No service here has the name wbe.shop.localhost.\nDid you mean http://web.shop.localhost:8080?\n\n  http://api.shop.localhost:8080\n  http://web.shop.localhost:8080\n',
    });
    const silent = renderIndex({ host: 'x.localhost' }, { ...shown, explainNames: false });
    expect(silent.body).toBe('No service here has the name x.localhost.\n');
  });

  it('lists nothing to a page of another domain, whose name may have been pointed here', () => {
    expect(renderIndex({ host: 'evil.example', accept: html }, shown).body).not.toContain('shop');
  });

  it.each(['<script>alert(1)</script>', 'a"b', 'localhost"><b>', 'a'.repeat(400), 'a b', '\u202elocalhost'])(
    'repeats no text that is not a name: %j',
    (host) => {
      for (const accept of [html, undefined]) {
        const { body } = renderIndex({ host, accept }, { ...shown, hosts: ['<b>.localhost'] });
        expect(body).not.toContain(host);
        if (accept) expect(body).not.toContain('<b>');
      }
    },
  );
});
