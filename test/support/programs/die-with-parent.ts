import { existsSync } from 'node:fs';

/**
 * A prefix for a command that makes the kernel kill its process when the parent process ends (PR_SET_PDEATHSIG, by
 * setpriv(1) of util-linux). A test that times out, or an interrupted benchmark, does not run its cleanup.
 */
export const dieWithParent: readonly [string, ...string[]] = existsSync('/usr/bin/setpriv')
  ? ['setpriv', '--pdeathsig', 'KILL']
  : ['env'];
