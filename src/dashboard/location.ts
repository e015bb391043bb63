import { signal } from '@preact/signals';
import { fromHash, type Place } from './place.ts';

/** Where in the page one is: what the address bar says. */
export const place = signal<Place>({ kind: 'services' });

export function startLocation(): void {
  const read = (): void => {
    place.value = fromHash(location.hash);
  };
  read();
  addEventListener('hashchange', read);
}
