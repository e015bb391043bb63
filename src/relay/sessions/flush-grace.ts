import type { Clock, Timer } from '../../time/clock.ts';
import type { Channel } from '../driver/driver.ts';

/**
 * The short time that a session gets when its upstream is gone: what the upstream sent before is still delivered. Only
 * bytes to the client count, since a client that keeps sending to nobody would never be still.
 */
const stillMs = 250;
/** An upstream that was taken out but is alive may send for ever. */
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
