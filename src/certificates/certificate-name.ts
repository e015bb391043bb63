import { isIP } from 'node:net';
import { z } from 'zod';

/**
 * Names that a certificate may be made for.
 */
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const hostPattern = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${label}(?:\\.${label})*$`);

export const certificateNameSchema = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine(
    (text) => isIP(text) !== 0 || (hostPattern.test(text) && !/^[\d.]+$/.test(text)),
    'must be a host name, *.name or an IP address, such as api.localhost, *.shop.localhost or 127.0.0.1',
  );

/**
 * `*.localhost` and the like, which hardly any client accepts: curl, OpenSSL, Node and browsers want two labels behind
 * the star.
 */
export function isTooWide(name: string): boolean {
  return /^\*\.[^.]+$/.test(name);
}

/** What files of a certificate for it are called; no shell and no file system minds it. */
export function fileNameOf(name: string): string {
  return name.replace('*', '_wildcard').replaceAll(':', '-');
}
