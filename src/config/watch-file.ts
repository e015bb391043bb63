import { unwatchFile, watchFile } from 'node:fs';
import type { ConfigFile } from './file.ts';
import { messageOf } from '../text/message-of.ts';

/**
 * Reads the configuration file again whenever it changes. It polls the file's status, which also works for files that
 * are replaced by rename, for bind mounts and for network file systems, where inotify reports nothing.
 */
const pollMs = 500;

export type FileChange =
  | { readonly kind: 'read'; readonly file: ConfigFile }
  | { readonly kind: 'invalid'; readonly message: string };

export interface FileWatch {
  /** Reads the file now, whether or not it has changed. */
  reread(): void;
  stop(): void;
}

/** `givesNames`: whether services get names with the settings in use, which the file can't change any more. */
export function watchConfigFile(
  { path, givesNames }: { readonly path: string; readonly givesNames: boolean },
  onChange: (change: FileChange) => void,
): FileWatch {
  let latest = 0;
  const reread = async (): Promise<void> => {
    latest += 1;
    const reading = latest;
    // Loaded already, since Sealane has read the file before it watches it.
    const { readConfigFile } = await import('./file.ts');
    const change = await readConfigFile(path, () => givesNames).then(
      (file): FileChange => ({ kind: 'read', file }),
      (error: unknown): FileChange => ({ kind: 'invalid', message: messageOf(error) }),
    );
    // Two reads in a row may finish in either order; only the one that began last counts.
    if (reading === latest) onChange(change);
  };
  const listener = (): void => void reread();
  watchFile(path, { interval: pollMs, persistent: false }, listener);
  return {
    reread: listener,
    stop() {
      latest = -1;
      unwatchFile(path, listener);
    },
  };
}
