import { isIP } from 'node:net';
import { didYouMean } from '../../text/did-you-mean.ts';
import { printable } from '../../text/printable.ts';

/**
 * Renders the index of names: what there is, for clients that ask for `localhost`, an address or an unknown name. Pure.
 * It shows nothing but names.
 */
export interface IndexRequest {
  /** The `Host` header. Hostile text. */
  readonly host?: string | undefined;
  /** The `Accept` header. */
  readonly accept?: string | undefined;
}

export interface NamesShown {
  /** The names that lead to services, each once. */
  readonly hosts: readonly string[];
  /** The names that lead to services over TLS. */
  readonly tlsHosts: readonly string[];
  /** The ports at which clients reach the addresses that end TLS, and those that don't. */
  readonly tlsPorts: readonly number[];
  readonly plainPorts: readonly number[];
  /** The end of all names that the template makes, such as `localhost`. */
  readonly domain: string;
  /** Whether the names are listed to clients that ask for an unknown one. */
  readonly explainNames: boolean;
}

export interface IndexAnswer {
  readonly status: 200 | 404;
  readonly type: string;
  readonly body: string;
}

const mostListed = 500;

export function renderIndex(request: IndexRequest, shown: NamesShown): IndexAnswer {
  const { host, port } = parseHost(request.host ?? '');
  const isKnown = host === '' || host === 'localhost' || isIP(host.replaceAll(/^\[|\]$/g, '')) !== 0;
  const { scheme, hosts } = schemeAt(port, shown);
  const links = hosts.map((name) => `${scheme}://${name}${port === undefined ? '' : `:${port}`}`);
  const page: Page = {
    title: isKnown ? 'Names served here' : 'No such name',
    text: isKnown ? textOf(links.length) : `No service here has the name ${printable(host, 253)}.`,
    meant: isKnown ? undefined : linkOf(meantBy(host, hosts, shown.domain), hosts, links),
    // A page of another domain whose name was pointed here would be a stranger's that reads them.
    links: isKnown || (shown.explainNames && isBeneath(host, shown.domain)) ? links : [],
  };
  const isHtml = (request.accept ?? '').toLowerCase().includes('text/html');
  return {
    status: isKnown ? 200 : 404,
    type: `text/${isHtml ? 'html' : 'plain'}; charset=utf-8`,
    body: isHtml ? asHtml(page) : asText(page),
  };
}

interface Page {
  readonly title: string;
  readonly text: string;
  /** The link that was probably meant. */
  readonly meant: string | undefined;
  readonly links: readonly string[];
}

function textOf(count: number): string {
  return count === 0 ? 'No container has a name here yet.' : 'These names are served here:';
}

/** The name that was probably meant. What all names end with says nothing, and is left out of the comparison. */
function meantBy(host: string, hosts: readonly string[], domain: string): string | undefined {
  const ownPart = (name: string): string => (isBeneath(name, domain) ? name.slice(0, -domain.length - 1) : name);
  const meant = didYouMean(ownPart(host), hosts.map(ownPart));
  return hosts.find((name) => ownPart(name) === meant);
}

/** The host in lower case, empty where it is none; and the port that the client came to. */
function parseHost(header: string): { readonly host: string; readonly port: number | undefined } {
  const [, host = '', port] = /^([a-z\d._-]{1,253}|\[[\da-f:.]{2,45}\])(?::(\d{1,5}))?$/i.exec(header) ?? [];
  return { host: host.toLowerCase().replace(/\.$/, ''), port: port === undefined ? undefined : Number(port) };
}

/** The scheme of the address that the client came to. Without a port in `Host`, that is the scheme's own port. */
function schemeAt(
  port: number | undefined,
  { hosts, tlsHosts, tlsPorts, plainPorts }: NamesShown,
): { readonly scheme: 'http' | 'https'; readonly hosts: readonly string[] } {
  const isTls = port === undefined ? !plainPorts.includes(80) && tlsPorts.includes(443) : tlsPorts.includes(port);
  return isTls ? { scheme: 'https', hosts: tlsHosts } : { scheme: 'http', hosts };
}

function isBeneath(host: string, domain: string): boolean {
  return host.endsWith(`.${domain}`);
}

function linkOf(meant: string | undefined, hosts: readonly string[], links: readonly string[]): string | undefined {
  return meant === undefined ? undefined : links[hosts.indexOf(meant)];
}

function asText({ text, meant, links }: Page): string {
  const shown = links.slice(0, mostListed);
  return [
    text,
    ...(meant === undefined ? [] : [`Did you mean ${meant}?`]),
    ...(links.length > 0 ? ['', ...shown.map((link) => `  ${link}`)] : []),
    ...(links.length > shown.length ? [`  and ${links.length - shown.length} more`] : []),
    '',
  ].join('\n');
}

const style =
  'body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}' +
  'ul{padding:0;list-style:none}a{overflow-wrap:anywhere}';

function asHtml({ title, text, meant, links }: Page): string {
  const shown = links.slice(0, mostListed);
  const more = links.length > shown.length ? `<p>and ${links.length - shown.length} more</p>` : '';
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width"><title>',
    `${title} · Sealane</title><style>${style}</style></head><body><h1>${title}</h1><p>${escaped(text)}</p>`,
    meant === undefined ? '' : `<p>Did you mean ${anchor(meant)}?</p>`,
    shown.length === 0 ? '' : `<ul>${shown.map((link) => `<li>${anchor(link)}</li>`).join('')}</ul>${more}`,
    '</body></html>\n',
  ].join('');
}

function anchor(link: string): string {
  return `<a href="${escaped(link)}">${escaped(link)}</a>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
