import type { Clock, Timer } from '../../time/clock.ts';
import type { Channel } from '../driver/driver.ts';

/**
 * The grace period of a session whose upstream has left the table: what the upstream sent before is still delivered.
 * Only bytes to the client count as traffic, since a client may keep sending although no upstream answers.
 */
/** The session closes after so long without a byte to the client. */
const stillMs = 250;
/** The grace period ends here at the latest, since an upstream that was removed but runs on may send forever. */
const mostMs = 5_000;

export function flushThenClose(clock: Clock, channel: Channel, close: () => void): Timer {
  const untilMs = clock.nowMs() + mostMs;
  let seen = channel.bytesDown;
  const check = (): void => {
    if (channel.bytesDown === seen || clock.nowMs() >= untilMs) return close();
    seen = channel.bytesDown;
    timer = clock.after(stillMs, check);
  };
  let timer = clock.after(stillMs, check);
  return { cancel: () => timer.cancel() };
}
