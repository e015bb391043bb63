/** The part of tar-stream that we use; it ships no types of its own. */
declare module 'tar-stream' {
  import type { Readable, Writable } from 'node:stream';

  export interface Header {
    name: string;
    type?: 'file' | 'directory' | 'symlink';
    size?: number;
    mode?: number;
    uid?: number;
    gid?: number;
    mtime?: Date;
    linkname?: string;
  }

  export interface Pack extends Readable {
    entry(header: Header, callback: (error?: Error | null) => void): Writable;
    entry(header: Header, content: string | Buffer, callback: (error?: Error | null) => void): void;
    finalize(): void;
  }

  const tar: { pack(): Pack };
  export default tar;
}
