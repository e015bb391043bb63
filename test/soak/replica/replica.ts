import { setTimeout } from 'node:timers/promises';
import { startWhoami } from '../../../src/cli/actions/whoami.ts';
import { firstStopSignal } from '../../../src/cli/stop-signals.ts';

/**
 * The sample service `whoami`, which misbehaves on demand. It runs in a container.
 *
 * - OPEN_AFTER_MS: the delay before its port opens.
 * - ON_STOP=exit: SIGTERM ends it at once, even amid requests.
 * - SIGUSR2 makes it crash, with exit code 1.
 *
 * Prints `listening <milliseconds since the epoch>` when its port is open.
 */
const stopSignal = firstStopSignal();
if (process.env['ON_STOP'] === 'exit') process.on('SIGTERM', () => process.exit(0));
process.on('SIGUSR2', () => process.exit(1));

await setTimeout(Number(process.env['OPEN_AFTER_MS'] ?? 0));
const whoami = await startWhoami({ port: 8080 });
process.stdout.write(`listening ${(performance.timeOrigin + performance.now()).toFixed(3)}\n`);
await stopSignal;
await whoami.close();
