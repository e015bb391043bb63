import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCertificates, type PemFile } from '../../../src/certificates/read-certificate.ts';
import { authority, leafFor } from '../../support/certificates/certificates.ts';
import { createSelfSigned } from '../../support/certificates/self-signed.ts';

const api = await leafFor(['api.localhost', '*.shop.localhost', '127.0.0.1']);
const web = await leafFor(['web.localhost']);
const other = await leafFor(['other.localhost']);

function read(files: Readonly<Record<string, string>>) {
  return readCertificates(Object.entries(files).map(([path, text]): PemFile => ({ path, text })));
}

function damaged(pem: string): string {
  return pem.replace(/\n.{10}/, '\nAAAAAAAAAA');
}

function withPassphrase(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const options = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
  return privateKey.export(options);
}

describe('certificates are read', () => {
  it.each([
    ['in one file with their key', { 'c/api.pem': api.certificate + api.key }],
    ['in one file with their key first', { 'c/api.pem': `${api.key}\n\n${api.certificate}` }],
    ['beside their key', { 'c/api.crt': api.certificate, 'c/api.key': api.key }],
    ['as mkcert names them', { 'c/api.pem': api.certificate, 'c/api-key.pem': api.key }],
    ['as Kubernetes names them', { 'c/tls.crt': api.certificate, 'c/tls.key': api.key }],
    ['whatever they are called', { 'c/one.pem': api.certificate, 'c/two.pem': api.key }],
  ])('%s', (_title, files) => {
    const { found, errors } = read(files);
    expect(errors).toEqual([]);
    expect(found.map(({ spec }) => spec.names)).toEqual([['api.localhost', '*.shop.localhost']]);
    expect(createPrivateKey(found[0]?.spec.key ?? '').type).toBe('private');
  });

  it('with their chain, as certbot lays them out, once', () => {
    const { found, errors } = read({
      'live/cert.pem': api.certificate,
      'live/chain.pem': authority.certificate,
      'live/fullchain.pem': api.certificate + authority.certificate,
      'live/privkey.pem': api.key,
    });
    expect(errors).toEqual([]);
    expect(found).toHaveLength(1);
    expect(found[0]?.path).toBe('live/fullchain.pem');
    expect(found[0]?.spec.chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('that a server has signed itself, as `openssl req -x509` does, though they are authorities by the letter', async () => {
    const { certificate, key } = await createSelfSigned('self.localhost', '*.self.localhost');
    const { found, errors } = read({ 'c/self.crt': certificate, 'c/self.key': key });
    expect(errors).toEqual([]);
    expect(found.map(({ spec }) => spec.names)).toEqual([['self.localhost', '*.self.localhost']]);
  });

  it('passing over an authority', () => {
    expect(read({ 'c/ca.crt': authority.certificate, 'c/ca.key': authority.key })).toEqual({ found: [], errors: [] });
  });
});

describe('what is wrong is said of the file at fault, and the others are served', () => {
  it.each([
    ['nonsense', 'api.crt', 'nonsense', 'it holds neither a certificate nor a private key in PEM'],
    ['an empty file', 'api.crt', '', 'it holds neither a certificate nor a private key in PEM'],
    ['a damaged certificate', 'api.crt', damaged(api.certificate), 'its certificate can’t be read'],
    [
      'another certificate',
      'api.crt',
      other.certificate,
      'its certificate and the private key in c/api.key do not belong together',
    ],
    ['a damaged key', 'api.key', damaged(api.key), 'its private key can’t be read'],
    ['nonsense for a key', 'api.key', 'nonsense', 'it holds neither'],
    ['no key', 'api.key', undefined, 'no private key beside it belongs to its certificate'],
    ['a key with a passphrase', 'api.key', withPassphrase(), 'its private key has a passphrase'],
  ])('%s', (_title, name, text, message) => {
    const files: Record<string, string> = {
      'c/web.pem': web.certificate + web.key,
      'c/api.crt': api.certificate,
      'c/api.key': api.key,
    };
    if (text === undefined) delete files[`c/${name}`];
    else files[`c/${name}`] = text;
    const { found, errors } = read(files);
    expect(found.map(({ path }) => path)).toEqual(['c/web.pem']);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toContain(message);
  });

  it('never says a word of a key itself, and never throws', () => {
    const secret = (api.key.split('\n')[1] ?? '').slice(8, 40);
    const damages = fc
      .tuple(fc.nat(api.key.length), fc.string({ maxLength: 20 }), fc.nat(30))
      .map(([at, inserted, removed]) => api.key.slice(0, at) + inserted + api.key.slice(at + removed));
    fc.assert(
      fc.property(damages, fc.string({ maxLength: 200 }), (key, text) => {
        const { errors } = read({ 'c/api.crt': api.certificate, 'c/api.key': key, 'c/x.pem': text });
        expect(JSON.stringify(errors)).not.toContain(secret);
      }),
      { numRuns: 200 },
    );
  });
});
