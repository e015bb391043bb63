/**
 * Names of hosts as people write them (RFC 1123): labels of letters, digits and hyphens; underscores too, as compose
 * service names have them.
 */
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const hostName = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*\\.?$`, 'i');
const hostPattern = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${label}(?:\\.${label})*$`);

/** In any case, with or without the root's final dot. */
export function isHostName(text: string): boolean {
  return hostName.test(text);
}

/** Digits and dots only: an IPv4 address, or nothing; never a name (RFC 1123 §2.1). */
export function isDotted(text: string): boolean {
  return /^[\d.]+$/.test(text);
}

/** In lower case, without a final dot; `*.` in front stands for one or more labels. */
export function isHostPattern(text: string): boolean {
  return hostPattern.test(text);
}
