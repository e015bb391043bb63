import { signal } from '@preact/signals';
import { fromHash, type Place } from './place.ts';

/** The view that the address bar names. */
export const place = signal<Place>({ kind: 'services' });
/** The list of services as it was open last, to which links lead back. */
export const servicesPlace = signal<Place>({ kind: 'services' });

export function startLocation(): void {
  const read = (): void => {
    place.value = fromHash(location.hash);
    if (place.value.kind === 'services') servicesPlace.value = place.value;
  };
  read();
  addEventListener('hashchange', read);
}
