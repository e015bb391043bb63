import { isInContainer, readMountinfo } from '../config/default-bind.ts';

/**
 * Tells whether a folder is lost with the container that this process runs in: no volume is mounted there, or one in memory.
 */
export function isLostWithContainer(folder: string, mountinfo: string = readMountinfo()): boolean {
  if (!isInContainer(mountinfo)) return false;
  // Later mounts hide earlier ones, so that of two on one folder the last one counts.
  const [holder] = mountsIn(mountinfo)
    .filter(({ target }) => folder === target || folder.startsWith(target === '/' ? '/' : `${target}/`))
    .toSorted((a, b) => a.target.length - b.target.length)
    .toReversed();
  return holder === undefined || holder.target === '/' || holder.isNew;
}

interface Mount {
  readonly target: string;
  /** A file system in memory that begins with the mount; a volume of an engine may be a folder of an older one. */
  readonly isNew: boolean;
}

/** By proc_pid_mountinfo(5): the fourth field is the folder of the file system that is mounted, the fifth is where. */
function mountsIn(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [, root, target, type] = /^(?:\S+ ){3}(\S+) (\S+) .*? - (\S+)/.exec(line) ?? [];
    if (target === undefined) return [];
    return { target: target.replaceAll(/\\([0-7]{3})/g, unescaped), isNew: type === 'tmpfs' && root === '/' };
  });
}

function unescaped(_: string, octal: string): string {
  return String.fromCharCode(parseInt(octal, 8));
}
