/**
 * Recognizes host names (RFC 1123): labels of letters, digits and hyphens. Underscores are accepted too, since compose
 * service names contain them.
 */
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const hostName = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*\\.?$`, 'i');
const hostPattern = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${label}(?:\\.${label})*$`);

/** Accepts upper and lower case, with or without the root's final dot. */
export function isHostName(text: string): boolean {
  return hostName.test(text);
}

/** Whether the text has only digits and dots: it is an IPv4 address or invalid, but never a name (RFC 1123 §2.1). */
export function isDotted(text: string): boolean {
  return /^[\d.]+$/.test(text);
}

/** Accepts lower case only, without a final dot; a leading `*.` stands for one or more labels. */
export function isHostPattern(text: string): boolean {
  return hostPattern.test(text);
}
