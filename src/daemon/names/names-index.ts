import { formatAddress, type Address } from '../../address/address.ts';
import type { SharedNames } from '../../admin/names-view.ts';
import { publishedAddresses } from '../../address/published.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { indexService, type Declaration } from '../../catalog/declaration.ts';
import type { ServiceRoute } from '../../catalog/service.ts';
import type { NamesAddress } from '../../config/names/addresses.ts';
import { namesRulesOf } from '../../config/names/settings.ts';
import type { Settings } from '../../config/settings.ts';
import { matchOf, poolOf, upstreamOf } from '../../discovery/options.ts';
import type { NamesShown } from './index-page.ts';
import type { IndexServer } from './index-server.ts';

/**
 * Owns the index of names: declares it for all clients of the shared addresses that no name matches, and serves it. Where no
 * names are given there is none.
 */
export interface NamesIndex {
  declare(): readonly Declaration[];
  /** The template, and the listen addresses on which names are served; undefined where no names are given. */
  readonly names: () => SharedNames | undefined;
  /** Begins to serve; `read` returns the current catalog. */
  serve(read: () => Catalog): Promise<void>;
  stop(): Promise<void>;
}

interface NamesIndexParts {
  /** The address for listeners that name none. */
  readonly bind: () => string;
  /** Called when what `declare` returns changed. */
  readonly onChange: () => void;
}

type NamesSettings = Pick<Settings, 'names' | 'names-listen' | 'expose' | 'explain-names'>;

export function createNamesIndex({ bind, onChange }: NamesIndexParts, settings: NamesSettings): NamesIndex {
  const rules = namesRulesOf(settings);
  let server: IndexServer | undefined;
  let declared: { readonly bind: string; readonly declarations: readonly Declaration[] } | undefined;
  return {
    declare() {
      if (!rules || !server) return [];
      const host = bind();
      if (declared?.bind !== host)
        declared = { bind: host, declarations: declareIndex(rules.listen, host, server.port) };
      return declared.declarations;
    },
    names: () =>
      rules && {
        template: rules.template.text,
        addresses: new Set(rules.listen.map((one) => formatAddress(addressOf(one, bind())))),
      },
    async serve(read) {
      if (!rules) return;
      const { serveIndex } = await import('./index-server.ts');
      const domain = rules.template.text.replace(/^.*\}[^.]*\./, '');
      const given = { domain, explainNames: settings['explain-names'] };
      server = await serveIndex(() => ({ ...given, ...namesShown(read(), rules.listen, bind()) }));
      onChange();
    },
    async stop() {
      await server?.close();
    },
  };
}

const declaredBy = { kind: 'index' } as const;

function declareIndex(listen: readonly NamesAddress[], bind: string, port: number): Declaration[] {
  const endpoint = { host: '127.0.0.1', port };
  const upstream: Declaration['upstream'] = {
    key: `index/${port}`,
    run: undefined,
    name: 'index',
    endpoints: [endpoint],
    ...upstreamOf({}),
    health: { kind: 'none' },
    condition: { kind: 'running', health: 'none' },
    drainMs: 0,
  };
  const pool = poolOf({});
  return listen.map((address) => ({
    service: indexService,
    listen: addressOf(address, bind),
    match: { ...matchOf({ protocol: 'any' }), tls: address.tls ? 'terminate' : 'passthrough' },
    pool,
    upstream,
    declaredBy,
  }));
}

function addressOf({ host, port }: NamesAddress, bind: string): Address {
  return { host: host ?? bind, port };
}

/** The names of the shared addresses, and the ports at which clients reach them. */
function namesShown(
  { services, publishedPorts = [] }: Catalog,
  listen: readonly NamesAddress[],
  bind: string,
): Omit<NamesShown, 'domain' | 'explainNames'> {
  const modes = new Map(listen.map((one) => [formatAddress(addressOf(one, bind)), one.tls]));
  const hosts = { plain: new Set<string>(), tls: new Set<string>() };
  const ports = { plain: new Set<number>(), tls: new Set<number>() };
  for (const { routes } of services.values()) {
    for (const route of routes) {
      const tls = modes.get(route.listen);
      if (tls === undefined || route.openPort === undefined) continue;
      const kind = tls ? 'tls' : 'plain';
      for (const name of hostsOf(route)) hosts[kind].add(name);
      const own = { host: route.host, port: route.openPort };
      for (const one of [own, ...publishedAddresses(own, publishedPorts)]) ports[kind].add(one.port);
    }
  }
  return {
    hosts: [...hosts.plain].toSorted(),
    tlsHosts: [...hosts.tls].toSorted(),
    plainPorts: [...ports.plain],
    tlsPorts: [...ports.tls],
  };
}

/** A wildcard is no name that a link could lead to. */
function hostsOf({ selectors }: ServiceRoute): string[] {
  return selectors.flatMap((one) => (one.kind === 'host' && !one.pattern.includes('*') ? [one.pattern] : []));
}
