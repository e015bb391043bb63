import { signal } from '@preact/signals';

/**
 * The page's one clock: the server's time as far as it is known, once a second. The server, not this machine, dated
 * what is shown.
 */
export const nowMs = signal(Date.now());

let offsetMs = 0;

export function setServerTime(saidMs: number): void {
  offsetMs = saidMs - Date.now();
}

export function serverNowMs(): number {
  return Date.now() + offsetMs;
}

export function startClock(): void {
  setInterval(() => {
    nowMs.value = serverNowMs();
  }, 1000);
}
