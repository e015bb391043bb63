import { signal } from '@preact/signals';
import { fromHash, type Place } from './place.ts';

/** The view that the address bar names. */
export const place = signal<Place>({ kind: 'services' });

export function startLocation(): void {
  const read = (): void => {
    place.value = fromHash(location.hash);
  };
  read();
  addEventListener('hashchange', read);
}
