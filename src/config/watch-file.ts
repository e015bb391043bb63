import { unwatchFile, watchFile } from 'node:fs';
import { readConfigFile, type ConfigFile } from './file.ts';
import { messageOf } from '../text/message-of.ts';

/**
 * Reads the configuration file again whenever it changes. By polling its status, since that also sees files replaced
 * by rename, bind mounts and network file systems, where inotify says nothing.
 */
const pollMs = 500;

export type FileChange =
  | { readonly kind: 'read'; readonly file: ConfigFile }
  | { readonly kind: 'invalid'; readonly message: string };

export function watchConfigFile(path: string, onChange: (change: FileChange) => void): { stop(): void } {
  let latest = 0;
  const reread = async (): Promise<void> => {
    latest += 1;
    const reading = latest;
    const change = await readConfigFile(path).then(
      (file): FileChange => ({ kind: 'read', file }),
      (error: unknown): FileChange => ({ kind: 'invalid', message: messageOf(error) }),
    );
    // Two changes in a row may be read in either order; the last one counts.
    if (reading === latest) onChange(change);
  };
  const listener = (): void => void reread();
  watchFile(path, { interval: pollMs, persistent: false }, listener);
  return {
    stop() {
      latest = -1;
      unwatchFile(path, listener);
    },
  };
}
