import { mergeSettings } from '../../../src/config/settings.ts';
import { startDaemon } from '../../../src/daemon/start.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';

/**
 * A process whose daemon fails while its admin part is built, when relay threads run already. It prints the error, and
 * ends once nothing is left that runs.
 */
const [, , driver] = process.argv;
const settings = mergeSettings([{ driver: driver as 'stream' | 'splice', admin: { host: '127.0.0.1', port: 0 } }]);
const logger = createLogger({ level: 'silent', format: 'json' });
// The names are first read when the admin address is served.
const failing = Object.defineProperty({ ...settings }, 'admin-names', {
  get() {
    throw new Error('the names can not be read');
  },
});
try {
  await startDaemon({
    settings: failing,
    engines: [],
    services: [],
    configPath: undefined,
    log: { logger, lostLines: () => 0 },
  });
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
