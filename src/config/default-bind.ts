import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * The address that listeners without one bind to. On a host it is loopback, so that only this machine can connect. In a
 * container with a network of its own it is the wildcard, since only its networks and its published ports can be reached
 * anyway. In a container on the host's network it is loopback, as on the host.
 *
 * This is a guess by what the process sees of its surroundings. An engine that knows the container knows better.
 */
export function defaultBind(
  mountinfo: string = readMountinfo(),
  interfaces: readonly NetworkInterface[] = readInterfaces(),
): string {
  return isInContainer(mountinfo) && !isHostNetwork(interfaces) ? openBind : hostBind;
}

export const hostBind = '127.0.0.1';
export const openBind = '0.0.0.0';

/**
 * Whether this process runs in a container: every container engine mounts its own /etc/hosts or /etc/hostname (proc(5):
 * the fifth field is the mount point). The file /.dockerenv proves nothing, since virtual machines made from container
 * images have it too.
 */
export function isInContainer(mountinfo: string = readMountinfo()): boolean {
  return /^(?:\S+ ){4}\/etc\/(?:hosts|hostname) /m.test(mountinfo);
}

interface NetworkInterface {
  readonly name: string;
  /** Whether a device of the machine is behind it, which holds for no virtual interface. */
  readonly hasDevice: boolean;
}

/** Interfaces of a container are virtual, and the bridge of an engine is on its host. */
function isHostNetwork(interfaces: readonly NetworkInterface[]): boolean {
  return interfaces.some(({ name, hasDevice }) => hasDevice || /^(?:docker|podman|cni-podman)\d+$/.test(name));
}

function readInterfaces(): NetworkInterface[] {
  const folder = '/sys/class/net';
  try {
    return readdirSync(folder).map((name) => ({ name, hasDevice: existsSync(`${folder}/${name}/device`) }));
  } catch {
    return [];
  }
}

/** What is mounted where, as this process sees it; empty where the system does not tell. */
export function readMountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    // macOS and Windows have no procfs.
    return '';
  }
}
