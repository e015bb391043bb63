import { createPlane } from '../../../src/relay/plane/plane.ts';
import type { DriverName } from '../../../src/relay/boundary/messages.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { listener, pool, table } from './tables.ts';

/**
 * A process with a relay that ends without closing it as soon as the relay listens: by `process.exit`, or by an
 * uncaught error.
 */
const [, , driver, how] = process.argv;
const plane = createPlane(
  {
    logger: createLogger({ level: 'silent', format: 'json' }),
    onSessions: () => {},
    onListener() {
      // By then the relay's threads sleep.
      setTimeout(() => {
        if (how === 'throw') throw new Error('the end');
        process.exit(7);
      }, 100);
    },
  },
  { workers: 2, driver: driver as DriverName },
);
plane.publish(table([pool([])], [listener()]));
