import { createAuthority, createLeaf, type PemPair } from '../../../src/certificates/authority.ts';
import type { CertificateSpec } from '../../../src/relay/boundary/table.ts';

/**
 * Certificates made for a test, of one authority. Making one takes a few milliseconds.
 */
export const authority: PemPair = await createAuthority('test', new Date());

/** `at`: when it was made; 383 days later its time is running out, 397 days later it has expired. */
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
