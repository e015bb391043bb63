import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../support/sealane/failed-start-exit.ts', import.meta.url));

it.each(['stream', 'splice'])(
  '%s: a daemon that fails to start leaves nothing that keeps its process',
  async (driver) => {
    const options = { timeout: 20_000, killSignal: 'SIGKILL' } as const;
    const { stdout } = await promisify(execFile)(process.execPath, [script, driver], options);
    expect(stdout).toBe('Error: the names can not be read\n');
  },
);
