import { existsSync } from 'node:fs';

/**
 * A command before a command: the kernel ends that one with whoever started it (PR_SET_PDEATHSIG, by setpriv(1) of
 * util-linux). A test that times out is abandoned, a benchmark may be interrupted: neither is unwound.
 */
export const dieWithParent: readonly [string, ...string[]] = existsSync('/usr/bin/setpriv')
  ? ['setpriv', '--pdeathsig', 'KILL']
  : ['env'];
