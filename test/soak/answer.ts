/**
 * Parses one HTTP/1.1 answer from the bytes that have arrived so far. It supports only what the replicas send: a head
 * with Content-Length, and a body of text.
 */
export interface Answer {
  /** The first 12 digits of the id of the replica's container. */
  readonly hostname: string;
  /** Whether the server closes the connection after this answer. */
  readonly last: boolean;
  /** The length of the answer: the position where the next answer begins. */
  readonly length: number;
}

/** The answer, or undefined while it is incomplete. Throws when it is not the answer of a replica. */
export function parseAnswer(text: string): Answer | undefined {
  const headLength = text.indexOf('\r\n\r\n') + 4;
  if (headLength < 4) return undefined;
  const head = text.slice(0, headLength);
  const contentLength = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
  if (!head.startsWith('HTTP/1.1 200 ') || Number.isNaN(contentLength)) throw new Error(`unexpected answer: ${head}`);
  const length = headLength + contentLength;
  if (text.length < length) return undefined;
  const hostname = /^Hostname: (.+)$/m.exec(text.slice(headLength, length))?.[1] ?? '';
  return { hostname, last: /^connection: close/im.test(head), length };
}
