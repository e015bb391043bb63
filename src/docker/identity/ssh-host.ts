import { execFile } from 'node:child_process';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { isHostName } from '../../address/host-name.ts';
import { sshDestination, type SshTarget } from '../engine-url.ts';

/**
 * Asks the user's ssh which host it connects to, since the host of an ssh:// address may be an alias of ~/.ssh/config
 * (ssh(1), option -G; nothing is connected). Undefined where ssh does not tell.
 */
export async function sshHostOf(
  target: SshTarget,
  [command, ...leading]: readonly [string, ...string[]] = ['ssh'],
): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, [...leading, '-G', ...sshDestination(target)], {
      timeout: 5_000,
    });
    const host = /^hostname (\S{1,255})$/m.exec(stdout)?.[1];
    return host !== undefined && (isIP(host) !== 0 || isHostName(host)) ? host : undefined;
  } catch {
    return undefined;
  }
}
