import { signal } from '@preact/signals';

/**
 * The page's one clock: the server's time, as far as the page knows it, once a second. All times that the page shows
 * come from the server, and the browser's clock may differ from it.
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
