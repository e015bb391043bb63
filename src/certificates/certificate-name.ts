import { isIP } from 'node:net';
import { z } from 'zod';
import { isDotted, isHostPattern } from '../address/host-name.ts';

/**
 * Decides which names a certificate may be made for.
 */
export const certificateNameSchema = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine(
    (text) => isIP(text) !== 0 || (isHostPattern(text) && !isDotted(text)),
    'must be a host name, *.name or an IP address, such as api.localhost, *.shop.localhost or 127.0.0.1',
  );

/**
 * Whether a wildcard such as `*.localhost` is too wide: curl, OpenSSL, Node and browsers want two labels behind the
 * star.
 */
export function isTooWide(name: string): boolean {
  return /^\*\.[^.]+$/.test(name);
}

/** The file name for a certificate of this name, free of characters that shells or file systems treat specially. */
export function fileNameOf(name: string): string {
  return name.replace('*', '_wildcard').replaceAll(':', '-');
}
