import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Where this user's authority is, and what it is called.
 */
/** By the XDG Base Directory Specification. */
export function ownAuthorityFolder(): string {
  return join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'sealane', 'ca');
}

/** E.g. `ann@laptop`. */
export function ownerName(): string {
  return `${userName()}@${hostname()}`.replaceAll(/[^\w@.-]/g, '');
}

/** The user's name, or the user id where it has no name, as in many containers. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
