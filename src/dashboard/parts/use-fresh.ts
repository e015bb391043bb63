import { useEffect } from 'preact/hooks';
import { refresh } from '../data/feed.ts';

/** Reads again now and then while a view is shown: the stream names changes of state, not each byte. */
const everyMs = 2_000;

export function useFresh(service: string): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') refresh(service);
    }, everyMs);
    return () => clearInterval(timer);
  }, [service]);
}
