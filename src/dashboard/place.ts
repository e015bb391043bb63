/**
 * The view that is open, as the address bar's part after `#`: a reload keeps it, a link can carry it, no server is
 * asked.
 */
export type Place =
  | { readonly kind: 'services' }
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'sessions'; readonly service: string }
  | { readonly kind: 'events' }
  | { readonly kind: 'problems' };

export function toHash(place: Place): string {
  switch (place.kind) {
    case 'services':
      return '#/';
    case 'service':
      return `#/services/${encodeURIComponent(place.name)}`;
    case 'sessions':
      return place.service === '' ? '#/sessions' : `#/sessions?${new URLSearchParams({ service: place.service })}`;
    case 'events':
    case 'problems':
      return `#/${place.kind}`;
  }
}

/** Text that names no view opens the first one. */
export function fromHash(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [kind, name] = path.split('/', 2);
  if (kind === 'sessions') return { kind, service: new URLSearchParams(query).get('service') ?? '' };
  if (kind === 'events' || kind === 'problems') return { kind };
  if (kind === 'services' && name !== undefined && name !== '') {
    try {
      return { kind: 'service', name: decodeURIComponent(name) };
    } catch {
      return { kind: 'services' };
    }
  }
  return { kind: 'services' };
}
