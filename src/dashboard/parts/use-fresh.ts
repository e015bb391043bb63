import { useEffect } from 'preact/hooks';
import { refresh } from '../data/feed.ts';

/** The stream names changes of state, not each byte: what is looked at closely is read again now and then. */
const everyMs = 2_000;

export function useFresh(service: string): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') refresh(service);
    }, everyMs);
    return () => clearInterval(timer);
  }, [service]);
}
