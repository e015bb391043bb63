/**
 * One HTTP/1.1 answer, read from the bytes that have come so far. Only as much of HTTP as the replicas speak: a head,
 * Content-Length, a body of text.
 */
export interface Answer {
  /** The replica's container, by the first 12 digits of its id. */
  readonly hostname: string;
  /** The server will close after it. */
  readonly last: boolean;
  /** Where the next answer begins. */
  readonly length: number;
}

/** Undefined while it is not whole. Throws when it is not what a replica says. */
export function parseAnswer(text: string): Answer | undefined {
  const headLength = text.indexOf('\r\n\r\n') + 4;
  if (headLength < 4) return undefined;
  const head = text.slice(0, headLength);
  const contentLength = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
  if (!head.startsWith('HTTP/1.1 200 ') || Number.isNaN(contentLength)) throw new Error(`strange answer: ${head}`);
  const length = headLength + contentLength;
  if (text.length < length) return undefined;
  const hostname = /^Hostname: (.+)$/m.exec(text.slice(headLength, length))?.[1] ?? '';
  return { hostname, last: /^connection: close/im.test(head), length };
}
