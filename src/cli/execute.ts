import { ConfigError } from '../config/config-error.ts';
import { messageOf } from '../text/message-of.ts';
import { runProgram } from './program.ts';
import { ignoreInspectorSignal } from './stop-signals.ts';

/**
 * Runs the program and sets the exit code. 0: success; 1: failed while running; 2: unusable arguments or configuration.
 */
export async function execute(argv: readonly string[]): Promise<void> {
  ignoreInspectorSignal();
  try {
    process.exitCode = await runProgram(argv);
  } catch (error) {
    const lines = error instanceof ConfigError ? error.lines : [messageOf(error)];
    for (const line of lines) process.stderr.write(`sealane: ${line}\n`);
    if (!(error instanceof ConfigError) && process.env['SEALANE_LOG_LEVEL'] === 'debug' && error instanceof Error) {
      process.stderr.write(`${error.stack}\n`);
    }
    process.exitCode = error instanceof ConfigError ? 2 : 1;
  }
}
