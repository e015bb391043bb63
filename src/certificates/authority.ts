import 'reflect-metadata';
import { createPrivateKey, X509Certificate as ParsedCertificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/**
 * A local certificate authority for development, and the certificates it signs: ECDSA P-256, since every client of the
 * last ten years takes it and keys are made at once. The only file that knows the X.509 library. Values in, PEM out.
 */
export interface PemPair {
  readonly certificate: string;
  /** PKCS#8. A secret. */
  readonly key: string;
}

interface LeafOptions {
  /** Host names, `*.` wildcards and IP addresses; at least one. */
  readonly names: readonly string[];
  /** Whether the certificate also identifies a client to a server. */
  readonly client: boolean;
}

const dayMs = 24 * 3_600_000;
const authorityDays = 3_650;
/**
 * Browsers refuse more than 398 days (CA/Browser Forum ballot SC31), even where they would let a local authority do it.
 */
const leafDays = 397;
/**
 * Certificates begin this much in the past: containers and virtual machines resume with clocks that are a little slow.
 */
const backdatedMs = 3_600_000;

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const sha256 = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Makes an authority. `owner`, e.g. `ann@laptop`, tells it from other authorities in a list of trusted ones. */
export async function createAuthority(owner: string, now: Date): Promise<PemPair> {
  const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['Sealane development authority'] }, { CN: [cut(`Sealane ${owner}`)] }],
    keys,
    ...validity(now, authorityDays),
    signingAlgorithm: sha256,
    extensions: [
      // Certificates that the authority signs may not sign others.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await exportKey(keys.privateKey) };
}

/** Makes a certificate that is signed by `authority`, which `readAuthority` has found valid. */
export async function createLeaf(authority: PemPair, { names, client }: LeafOptions, now: Date): Promise<PemPair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const { notBefore, notAfter } = validity(now, leafDays);
  const usages = [x509.ExtendedKeyUsage.serverAuth, ...(client ? [x509.ExtendedKeyUsage.clientAuth] : [])];
  const signing = await importSigningKey(createPrivateKey(authority.key));
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [cut(names[0] ?? '')] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: signing.key,
    signingAlgorithm: signing.algorithm,
    notBefore,
    // A certificate does not outlive its issuer.
    notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      new x509.SubjectAlternativeNameExtension(names.map((name) => ({ type: isIP(name) ? 'ip' : 'dns', value: name }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await keyIdentifierOf(issuer),
    ],
  });
  return { certificate: pem(certificate), key: await exportKey(keys.privateKey) };
}

/** The reason why an existing authority can't sign; undefined when it can. */
export function whyUnusable({ certificate, key }: PemPair, now: Date): string | undefined {
  try {
    const parsed = new ParsedCertificate(certificate);
    if (!parsed.ca) return 'its certificate is not an authority’s';
    if (parsed.validFromDate > now)
      return `it is valid from ${day(parsed.validFromDate)} on, as the clock of this machine has it`;
    if (parsed.validToDate <= now) return `it expired on ${day(parsed.validToDate)}`;
    if (!parsed.checkPrivateKey(createPrivateKey(key))) return 'its key is another certificate’s';
    return undefined;
  } catch {
    return 'it can’t be read as PEM, or its key has a passphrase';
  }
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Imports the key of our own authority, or of one that another tool made (mkcert's is RSA). */
async function importSigningKey(key: KeyObject) {
  const der = key.export({ format: 'der', type: 'pkcs8' });
  const ecdsa = { name: 'ECDSA', namedCurve: curveOf(key), hash: 'SHA-256' };
  const algorithm = key.asymmetricKeyType === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : ecdsa;
  return { key: await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']), algorithm };
}

function curveOf({ asymmetricKeyDetails }: KeyObject): string {
  return asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'P-384' : 'P-256';
}

/** The key identifier as the authority states it: RFC 5280, 4.2.1.2 allows several ways to compute it. */
function keyIdentifierOf(issuer: x509.X509Certificate): Promise<x509.AuthorityKeyIdentifierExtension> {
  const stated = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  if (stated) return Promise.resolve(new x509.AuthorityKeyIdentifierExtension(stated.keyId));
  return x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey);
}

async function exportKey(key: CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function validity(now: Date, days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const notBefore = new Date(now.getTime() - backdatedMs);
  return { notBefore, notAfter: new Date(notBefore.getTime() + days * dayMs) };
}

/** Cuts a common name to 64 characters, the most that X.520 allows. */
function cut(text: string): string {
  return text.slice(0, 64);
}
