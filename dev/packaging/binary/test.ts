import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { binaryPath } from './path.ts';

/** `npm run test:binary`: the tests of the command line, on the single executable. Arguments go to vitest. */
const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'cli', ...process.argv.slice(2)];
const env = { ...process.env, SEALANE_COMMAND: binaryPath };
const [code] = (await once(spawn(process.execPath, args, { stdio: 'inherit', env }), 'exit')) as [number | null];
process.exitCode = code ?? 1;
