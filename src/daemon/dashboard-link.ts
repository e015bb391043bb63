import { formatAddress, isLoopback, isWildcard, type Address } from '../address/address.ts';
import { linkAddress, publishedAddresses } from '../address/published.ts';
import { publishingLine } from '../catalog/advice.ts';
import type { OwnNetwork, Vantage } from '../docker/facts.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock, Timer } from '../time/clock.ts';

/**
 * Logs where the dashboard is, as people reach it: in a container, that is where the engine publishes its port. So the
 * line waits for what the engine says of Sealane's own container, but not for long.
 */
export interface DashboardLink {
  /** The dashboard is served. `token`: the one that Sealane made up, which is known from nowhere else. */
  onServing(address: Address, token: string | undefined): void;
  /** Sealane's vantage may have changed. A link that turns out to be another is logged again. */
  update(): void;
  stop(): void;
}

export interface DashboardLinkParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sealane's vantage on its own engine; undefined while it is unknown, and without Docker. */
  readonly home: () => Vantage | undefined;
  /** Whether an engine is watched, which may tell of Sealane's own container. */
  readonly hasEngine: boolean;
  readonly inContainer: boolean;
}

const patienceMs = 2_000;

export function createDashboardLink({
  clock,
  logger,
  home,
  hasEngine,
  inContainer,
}: DashboardLinkParts): DashboardLink {
  let served: { readonly address: Address; readonly token: string | undefined } | undefined;
  let deadline: Timer | undefined;
  let overdue = false;
  let logged: string | undefined;

  const update = (): void => {
    const vantage = home();
    const mayFollow = inContainer && !overdue && !vantage && hasEngine;
    if (!served || mayFollow) return;
    const { place, remark } = placeOf(served.address, vantage?.ownNetwork);
    const url = `http://${linkAddress(place)}/${served.token === undefined ? '' : `login?token=${served.token}`}`;
    if (url === logged) return;
    logged = url;
    logger.info({ event: 'admin-link', url }, `dashboard: ${url}${remark === undefined ? '' : ` ${remark}`}`);
  };

  return {
    onServing(address, token) {
      served = { address, token };
      deadline = clock.after(patienceMs, () => {
        overdue = true;
        update();
      });
      update();
    },
    update,
    stop() {
      deadline?.cancel();
    },
  };
}

/** Where people reach an admin address, and what keeps them from it. Pure. */
function placeOf(
  address: Address,
  network: OwnNetwork | undefined,
): { readonly place: Address; readonly remark?: string } {
  if (!network) return { place: address };
  const { port } = address;
  const [published] = publishedAddresses(address, network.published ?? []);
  if (published) return { place: published };
  const howToPublish = `publish port ${port}, as in ${publishingLine(port, network.service !== undefined)}`;
  if (isLoopback(address.host)) {
    const everywhere = formatAddress({ host: '0.0.0.0', port });
    return {
      place: address,
      remark: `(inside this container only; to open it from outside, set admin to ${everywhere} and ${howToPublish})`,
    };
  }
  return {
    place: isWildcard(address.host) && network.address !== undefined ? { host: network.address, port } : address,
    remark: `(on the container's network; to open it from elsewhere, ${howToPublish})`,
  };
}
