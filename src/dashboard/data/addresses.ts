import type { ApiRoute } from '../../admin/schema.ts';
import { clientAddresses } from '../../text/client-addresses.ts';

/**
 * The addresses of a route as the page shows them: a link where a browser can open it, else plain text. Pure.
 */
export interface ShownAddress {
  readonly text: string;
  /** The text for the clipboard. */
  readonly copied: string;
  readonly href: string | undefined;
}

/** `pageHost`: the host in the page's own URL, which also reaches what listens on all addresses. */
export function addressesOf(route: ApiRoute, pageHost: string): readonly ShownAddress[] {
  const places = placesOf(route);
  const links = route.open
    ? places.flatMap((place) => route.web.map(({ scheme, host }) => linkTo(scheme, host, place, pageHost)))
    : [];
  const urls = new Set(links.filter((link) => link !== undefined));
  if (urls.size > 0) {
    return [...urls].map((href) => {
      const text = href.replace(/\/$/, '');
      return { text, copied: text, href };
    });
  }
  const texts = clientAddresses(route);
  return places.map((place, index) => ({ text: texts[index] ?? place, copied: place, href: undefined }));
}

/** Where clients connect. */
function placesOf({ listen, port, published }: ApiRoute): readonly string[] {
  if (published.length > 0) return published;
  return [port === null ? listen : listen.replace(/:\d+$/, `:${port}`)];
}

function linkTo(scheme: string, name: string | null, place: string, pageHost: string): string | undefined {
  const colon = place.lastIndexOf(':');
  const address = place.slice(0, colon);
  const host = name ?? (anyAddress.has(address) ? pageHost : address);
  if (colon < 0 || !isPlainHost(host)) return undefined;
  const port = place.slice(colon + 1);
  const url = /^\d+$/.test(port) ? URL.parse(`${scheme}://${host}:${port}/`) : null;
  // Browsers take a name of digits, such as 2130706433, for an address.
  return url?.hostname === host.toLowerCase() ? url.href : undefined;
}

const anyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '[::]', '']);

/** A host with any other character could make a URL that leads elsewhere. */
function isPlainHost(host: string): boolean {
  return /^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(host);
}
