import { writeFileSync } from 'node:fs';
import { execute } from './cli/execute.ts';

/** The entry of the single executable, which has its Node in it: there is no other to be checked, as main.ts does. */
nameProcess();
void execute(process.argv.slice(2));

/** `ps`, `top` and `pkill` know a program by the name of its first thread, which Node sets to one of its own. */
function nameProcess(): void {
  try {
    writeFileSync('/proc/self/comm', 'sealane');
  } catch {
    // Only Linux has this file, and a sandbox may forbid it.
  }
}
