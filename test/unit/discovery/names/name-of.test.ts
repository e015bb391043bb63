import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHostPattern } from '../../../../src/address/host-name.ts';
import { templateSchema } from '../../../../src/config/names/template.ts';
import { dnsLabel } from '../../../../src/discovery/names/dns-label.ts';
import { nameOfRoute, type NameIdentity } from '../../../../src/discovery/names/name-of.ts';
import { anyText } from '../../../support/any-text.ts';

const web: NameIdentity = { service: 'web', project: 'shop', container: 'shop-web-1', engine: '', route: '' };
const name = (template: string, over: Partial<NameIdentity> = {}): string =>
  nameOfRoute(templateSchema.parse(template), { ...web, ...over });

describe('the name of a route', () => {
  it.each([
    ['{service}.{project}.localhost', {}, 'web.shop.localhost'],
    ['{service}.{project}.localhost', { project: '' }, 'web.localhost'],
    ['{service}-{project}.localhost', { project: '' }, 'web.localhost'],
    ['{service}.{project}.localhost', { route: 'admin' }, 'web-admin.shop.localhost'],
    ['{project}.{container}.{service}.localhost', { route: 'admin' }, 'shop.shop-web-1-admin.web.localhost'],
    ['{container}.{engine}.docker.test', { engine: 'Laptop' }, 'shop-web-1.laptop.docker.test'],
    ['{service}.bücher.example', {}, 'web.xn--bcher-kva.example'],
  ])('of %j with %j is made', (template, over, expected) => {
    expect(name(template, over)).toBe(expected);
  });

  it.each([
    ['api.v1', 'api-v1'],
    ['My_Web App!', 'my-web-app'],
    ['--web--', 'web'],
    ['bücher', 'xn--bcher-kva'],
    ['ＷＥＢ', 'web'],
    ['xn--bcher-kva', 'xn-bcher-kva'],
    ['日本語', 'xn--wgv71a119e'],
    ['../../etc', 'etc'],
    ['***', expect.stringMatching(/^x-[\da-f]{8}$/)],
    ['web\u202e\u0000<script>', 'web-script'],
    ['a'.repeat(300), expect.stringMatching(/^a{54}-[\da-f]{8}$/)],
    ['ü'.repeat(300), expect.stringMatching(/^xn--.{10,59}$/)],
  ])('%j becomes a label', (text, label) => {
    expect(dnsLabel(text)).toEqual(label);
  });

  it('tells long texts with the same beginning apart', () => {
    expect(dnsLabel(`${'a'.repeat(300)}1`)).not.toBe(dnsLabel(`${'a'.repeat(300)}2`));
  });

  it('is a valid name for any texts, and always the same', () => {
    const text = fc.oneof(anyText(), fc.string({ minLength: 60, maxLength: 400 }));
    const templates = ['{service}.{project}.localhost', '{engine}.{container}-{project}.{service}.example.test'];
    fc.assert(
      fc.property(fc.constantFrom(...templates), text, text, text, (template, service, project, container) => {
        const made = name(template, { service: `s${service}`, project, container, engine: 'a'.repeat(200) });
        expect(made).toSatisfy((one: string) => isHostPattern(one) && !/[*_]/.test(one));
        expect(name(template, { service: `s${service}`, project, container, engine: 'a'.repeat(200) })).toBe(made);
      }),
    );
  });
});
