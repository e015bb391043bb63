import { closeSync, constants, openSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { isUnix, longestSocketPath, unixPath } from '../../address/address.ts';

/**
 * Resolves where the file of a Unix socket really is. Below the folder in which labels may open sockets, other containers
 * may make symbolic links, and none of them may lead out of it. The file's folder is opened once, checked, and held open:
 * what is bound and removed there goes through its descriptor, whatever the path leads to by then.
 */
export type SocketPlace = AllowedPlace | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export interface AllowedPlace {
  readonly kind: 'allowed';
  /** The address to bind; not the listener's own where its folder is held open. */
  readonly host: string;
  /** Closes the folder, once the socket and its file are closed. */
  readonly release: () => void;
}

/** The code of a refusal because a link leads out of the folder. */
const outside = 'OUTSIDE_SOCKET_FOLDER';

export function placeSocket(host: string, socketFolder: string): SocketPlace {
  if (!isUnix(host) || !isWithin(socketFolder, unixPath(host))) return { kind: 'allowed', host, release: () => {} };
  const path = unixPath(host);
  let fd: number | undefined;
  try {
    fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    const folder = pathOf(fd) ?? realpathSync(dirname(path));
    if (!isWithin(realpathSync(socketFolder), folder)) return refused(fd, outside, leadsOut(folder, socketFolder));
    return held(fd, folder, basename(path));
  } catch (error) {
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    return refused(fd, code, message);
  }
}

function held(fd: number, folder: string, file: string): SocketPlace {
  const through = `/proc/self/fd/${fd}/${file}`;
  // A long name, or a machine without proc(5): the checked path has to do.
  const isUsable = pathOf(fd) !== undefined && through.length <= longestSocketPath;
  return { kind: 'allowed', host: `unix:${isUsable ? through : `${folder}/${file}`}`, release: () => closeSync(fd) };
}

function refused(fd: number | undefined, code: string, message: string): SocketPlace {
  if (fd !== undefined) closeSync(fd);
  return { kind: 'refused', code, message };
}

function leadsOut(folder: string, socketFolder: string): string {
  return `a symbolic link leads to ${folder}, which is not in ${socketFolder}`;
}

/** Whether `path` is the folder or in it, as the texts say. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../');
}

/** The path of an open folder; undefined without proc(5). */
function pathOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}
