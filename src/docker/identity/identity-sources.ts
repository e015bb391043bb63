/**
 * Parses the /proc files in which a Linux process finds traces of its own container. The ids found are only candidates,
 * since overlay layers have 64 hex digits too, and a host may itself run inside a container. Pure.
 */
const containerId = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/**
 * Reads /proc/self/cgroup: cgroup v1 names the container in every line; v2 with its own namespace shows only `0::/`.
 */
export function idFromCgroup(text: string): string | undefined {
  for (const line of text.split('\n')) {
    // The last id is that of the innermost container: `/docker/<outer>/docker/<inner>`,
    // `/system.slice/docker-<id>.scope`, `/kubepods/…/<id>`.
    const id = line.slice(line.indexOf(':')).match(containerId)?.at(-1);
    if (id !== undefined) return id;
  }
  return undefined;
}

/**
 * Reads /proc/self/mountinfo (proc_pid_mountinfo(5)): the engine mounts three of its files from a folder that is named
 * after the container. With `network_mode: container:x` they are those of x, which has the same network namespace.
 */
export function idFromMountinfo(text: string): string | undefined {
  for (const line of text.split('\n')) {
    // Fields: mount id, parent id, major:minor, root in its file system, mount point …
    const [, , , root = '', mountPoint = ''] = line.split(' ');
    const match = /\/([0-9a-f]{64})\/(?:userdata\/)?(hostname|hosts|resolv\.conf)$/.exec(root);
    if (match && mountPoint === `/etc/${match[2]}`) return match[1];
  }
  return undefined;
}

/** An engine sets a container's host name to the first 12 digits of its id, unless another one is configured. */
export function idFromHostname(hostname: string): string | undefined {
  return /^[0-9a-f]{12}$/.test(hostname) ? hostname : undefined;
}
