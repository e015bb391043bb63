import { formatAddress } from '../address/address.ts';
import type { NamesRules } from '../config/names/settings.ts';
import type { ComposeService } from '../compose/service.ts';
import type { DiscoveryRules } from '../discovery/discover.ts';
import { readLabels } from '../discovery/labels.ts';
import { asNamed, identityOf } from '../discovery/names/named-route.ts';
import { chooseWebPort } from '../discovery/names/web-port.ts';
import type { ContainerFacts } from '../docker/facts.ts';
import type { Listening } from './ports.ts';

/**
 * What a compose file says of names that services get without a label: on which addresses they are served, and by which
 * of its routes. Pure.
 */
/** Any port may stand for the one that an image exposes, where only the upstream's port depends on it. */
const anyPort = [1];

/** The ports that stand for those of an image: none where a listen address depends on them. */
export function presumedPorts(facts: ContainerFacts, rules: DiscoveryRules): readonly number[] {
  const { labelPrefix, names } = rules;
  const { routes } = readLabels(facts.labels, labelPrefix, facts);
  const nameable = {
    image: facts.image,
    webPort: chooseWebPort({ ...facts, exposedPorts: anyPort }),
    identity: (route: (typeof routes)[number]) => identityOf(facts, route, {}),
  };
  const isFree = (route: (typeof routes)[number]): boolean =>
    route.values.listen !== undefined || (names !== undefined && asNamed(route, nameable, names) !== undefined);
  return routes.every(isFree) ? anyPort : [];
}

/**
 * Splits what is listened on. Where names are served is said by Sealane's own settings, so that what is wrong with these
 * addresses is said once, of Sealane's service.
 */
export function apartFromNames(
  listening: readonly Listening[],
  { names, bind }: Pick<DiscoveryRules, 'names' | 'bind'>,
  sealane: ComposeService,
): {
  readonly own: readonly Listening[];
  readonly shared: readonly Pick<Listening, 'route' | 'service' | 'location'>[];
} {
  const addresses = names === undefined ? [] : addressesOf(names, bind);
  const shared = addresses.map((address) => {
    const route = { ...address, selectors: [], acceptProxy: [], postgres: false, sniffTimeoutMs: undefined };
    return { route, service: sealane.name, location: sealane.location };
  });
  const keys = new Set(addresses.map(({ listen }) => listen));
  return { own: listening.filter(({ route }) => !keys.has(route.listen)), shared };
}

function addressesOf({ listen }: NamesRules, bind: string) {
  return listen.map(({ host = bind, port }) => ({ host, port, listen: formatAddress({ host, port }) }));
}
