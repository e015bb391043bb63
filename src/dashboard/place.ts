/**
 * The view that is open, as the address bar's part after `#`: a reload keeps it, a link can carry it, no server is
 * asked.
 */
export type Place =
  /** `project`: only its services, '' for those of none. */
  | { readonly kind: 'services'; readonly project?: string }
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'sessions'; readonly service: string }
  | { readonly kind: 'events' }
  | { readonly kind: 'problems' };

export function toHash(place: Place): string {
  switch (place.kind) {
    case 'services':
      return place.project === undefined ? '#/' : `#/?${new URLSearchParams({ project: place.project })}`;
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
  if (kind === '') return servicesAt(query);
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

function servicesAt(query: string): Place {
  const project = new URLSearchParams(query).get('project');
  return project === null ? { kind: 'services' } : { kind: 'services', project };
}
