import { readFileSync } from 'node:fs';

/** The first bytes that a real client sent; see recorded/README.md. */
export function recorded(name: string): Uint8Array {
  return Buffer.from(readFileSync(new URL(`recorded/${name}.b64`, import.meta.url), 'utf8'), 'base64');
}
