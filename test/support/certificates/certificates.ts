import { createAuthority, createLeaf, type PemPair } from '../../../src/certificates/authority.ts';
import type { CertificateSpec } from '../../../src/relay/boundary/table.ts';

/**
 * Creates certificates for tests, signed by one authority. Each takes a few milliseconds.
 */
export const authority: PemPair = await createAuthority('test', new Date());

/** `at`: the time of issue. The certificate is about to expire after 383 days and has expired after 397 days. */
export function leafFor(names: readonly string[], { at = new Date(), client = false } = {}): Promise<PemPair> {
  return createLeaf(authority, { names, client }, at);
}

export async function certificateFor(...names: readonly string[]): Promise<CertificateSpec> {
  const { certificate, key } = await leafFor(names);
  return { names, chain: certificate, key };
}

export function daysAgo(days: number): Date {
  return new Date(Date.now() - days * 24 * 3_600_000);
}
