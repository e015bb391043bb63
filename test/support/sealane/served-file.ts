import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { tempFolder, type TempFolder } from '../temp-folder.ts';
import { startSealane, type Sealane } from './sealane.ts';

/** What a test sees of the Sealane that it shares: the lines since its file was written. */
export type FromFile = Pick<Sealane, 'line' | 'lines'>;

/**
 * Starts a Sealane before the tests of a file. Each call of the result writes the services that Sealane is to serve from
 * now on, as the text of its configuration file, and has it read at once; without a text, none that a test asked for.
 */
export function shareServedFile(...args: readonly string[]): (text?: string) => Promise<FromFile> {
  let folder: TempFolder;
  let sealane: Sealane;
  const nothing = (): string =>
    `services: { nothing: { listen: 'unix:${join(folder.path, 'nothing.sock')}', upstreams: ['127.0.0.1:1'] } }\n`;
  beforeAll(async () => {
    folder = await tempFolder();
    const config = await folder.write('sealane.yaml', nothing());
    sealane = startSealane('--docker', 'none', '--config', config, ...args);
    await sealane.line({ event: 'started' });
  });
  afterAll(async () => {
    await sealane[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  return async (text = nothing()) => {
    const begun = sealane.lines.length;
    await folder.write('sealane.yaml', text);
    sealane.process.kill('SIGHUP');
    return {
      line: (wanted, from = begun) => sealane.line(wanted, from),
      get lines() {
        return sealane.lines.slice(begun);
      },
    };
  };
}
