import type { NamesTemplate, Placeholder } from '../../config/names/template.ts';
import { dnsLabel } from './dns-label.ts';

/**
 * Makes the name of a route from the template. Pure. A label whose placeholders are all empty is left out, as that of
 * `{project}` for a container that no project created.
 */
export interface NameIdentity extends Readonly<Record<Placeholder, string>> {
  /** The name of the route; empty for the unnamed route. */
  readonly route: string;
}

/** A name has at most so many characters (RFC 1035 §2.3.4). */
const longestName = 253;
/** The template's schema counts on it. */
const shortLabel = 20;

export function nameOfRoute(template: NamesTemplate, identity: NameIdentity): string {
  const name = render(template, identity);
  return name.length <= longestName ? name : render(template, identity, shortLabel);
}

function render({ labels }: NamesTemplate, { route, ...values }: NameIdentity, most?: number): string {
  // Where a container has several routes, the first label that tells it from others tells them apart.
  let suffix = route === '' ? '' : `-${route}`;
  return labels
    .flatMap((parts) => {
      let isVariable = false;
      let isEmpty = true;
      const text = parts.map((part) => {
        if ('text' in part) return part.text;
        isVariable = true;
        const value = values[part.placeholder];
        if (value === '') return '';
        isEmpty = false;
        if (part.placeholder === 'project' || part.placeholder === 'engine') return value;
        const own = value + suffix;
        suffix = '';
        return own;
      });
      if (!isVariable) return [text.join('')];
      return isEmpty ? [] : [dnsLabel(text.join(''), most)];
    })
    .join('.');
}
