#!/usr/bin/env node
import { ConfigError } from './config/config-error.ts';
import { runProgram } from './cli/program.ts';
import { ignoreInspectorSignal } from './cli/stop-signals.ts';
import { messageOf } from './text/message-of.ts';

/**
 * The executable: runs the program and sets the exit code. 0: success; 1: failed while running; 2: unusable arguments
 * or configuration.
 */
ignoreInspectorSignal();
try {
  process.exitCode = await runProgram(process.argv.slice(2));
} catch (error) {
  const lines = error instanceof ConfigError ? error.lines : [messageOf(error)];
  for (const line of lines) process.stderr.write(`sealane: ${line}\n`);
  if (!(error instanceof ConfigError) && process.env['SEALANE_LOG_LEVEL'] === 'debug' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
