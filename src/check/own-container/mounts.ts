/**
 * Tells whether a path in a container is on something that is mounted there. Pure.
 */
export function isOnMount(path: string, mounts: readonly string[]): boolean {
  return mounts.some((target) => isWithin(canonical(path), canonical(target)));
}

/** /var/run is a link to /run in all common images. */
function canonical(path: string): string {
  return path.replace(/^\/var\/run(?=\/|$)/, '/run').replace(/\/+$/, '');
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
