import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';

/**
 * Makes a DNS label of any text: readable, valid (RFC 1035 §2.3.1, RFC 5891) and always the same for the same text. Pure.
 * Two texts that differ only in what a label can't have make the same label, which the catalog reports as a conflict.
 */
const mostCharacters = 63;
/** No name is longer than that; the rest counts in the hash. */
const mostRead = 300;

/** Empty for an empty text only. */
export function dnsLabel(text: string, most = mostCharacters): string {
  if (text === '') return '';
  const words = text
    .slice(0, mostRead)
    .normalize('NFKC')
    .toLowerCase()
    // A run of other characters becomes one hyphen, so that no text can be taken for an encoded one (`xn--`).
    .replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, '-')
    .replaceAll(/^-|-$/g, '');
  const label = toAscii(words);
  if (label !== undefined && label.length <= most && text.length <= mostRead) return label;
  const readable = label === undefined ? words.replaceAll(/[^a-z\d]+/g, '-').replace(/^-/, '') : words;
  return shortened(readable, hashOf(text), most);
}

/** Undefined where no label can be made of the words: they are empty, or not allowed in a name. */
function toAscii(words: string): string | undefined {
  const ascii = /^[a-z\d-]*$/.test(words) ? words : domainToASCII(words);
  return /^[a-z\d](?:[a-z\d-]*[a-z\d])?$/.test(ascii) ? ascii : undefined;
}

/** As much of the words as fits in front of the hash. */
function shortened(words: string, hash: string, most: number): string {
  const letters = Array.from(words).slice(0, most);
  for (; letters.length > 0; letters.pop()) {
    const label = toAscii(`${letters.join('').replace(/-$/, '')}-${hash}`);
    if (label !== undefined && label.length <= most) return label;
  }
  return `x-${hash}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
