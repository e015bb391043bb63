import type { Meant } from '../text/refusal.ts';
import { isHostName } from './host-name.ts';
import { parseListenRanges } from './listen.ts';

/**
 * Finds what was meant by a `listen` in the spelling of another tool: a port mapping of compose, a URL, a path. Pure.
 */
const ports = '\\d{1,5}(?:-\\d{1,5})?';
const mapping = new RegExp(`^(?<listen>(?:[\\d.]+:|\\[[\\da-fA-F:]+\\]:)?${ports}):(?<port>\\d{1,5})(?:-\\d{1,5})?$`);
const named = new RegExp(`^(?<host>[^:]{1,253}):(?<listen>${ports})$`);
/** The longest text that is looked at. */
const longest = 300;

export function meantListen(text: string): Meant | undefined {
  if (text.length > longest) return undefined;
  const path = /^(?:unix:)?(?:\/\/)?(\/[^/].*)$/.exec(text.trim())?.[1];
  if (path !== undefined) return ifValid(`unix:${path}`);
  const plain = text
    .trim()
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/(?:tcp)?$/i, '')
    .replace(/^\*(?=:)/, '0.0.0.0');
  const { listen = '', port } = mapping.exec(plain)?.groups ?? {};
  if (port !== undefined) return ifValid(listen, { port });
  const { host, listen: beside = '' } = named.exec(plain)?.groups ?? {};
  if (host !== undefined && isName(host)) return ifValid(beside, { host: host.toLowerCase() });
  return ifValid(plain.split(/[\s,;]+/).join(', '));
}

function isName(host: string): boolean {
  return isHostName(host) && !/^[\d.]+$/.test(host) && host !== 'localhost';
}

function ifValid(listen: string, beside?: Readonly<Record<string, string>>): Meant | undefined {
  if (typeof parseListenRanges(listen) === 'string') return undefined;
  return beside ? { text: listen, beside } : listen;
}
