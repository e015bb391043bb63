import { readFileSync } from 'node:fs';
import { endianness, networkInterfaces } from 'node:os';
import type { AskedSwap } from '../../admin/source.ts';
import { loopThrough, type LoopQuestion } from '../../catalog/swap/loop.ts';
import { mostOfService, withoutStandIns, type StandInLease, type StandInPlace } from '../../catalog/swap/stand-in.ts';
import { defaultBind, openBind } from '../../config/default-bind.ts';
import { defaultGateway, parseRoutes } from '../../network/kernel-routes.ts';
import type { StandIns } from '../../reconcile/stand-ins.ts';
import type { Clock } from '../../time/clock.ts';
import type { CatalogLoop } from '../catalog-loop.ts';
import type { EngineSource } from '../engine-source.ts';
import type { InEffect } from '../in-effect.ts';
import type { Relay } from '../relay.ts';
import { createResolve, placeOf, type SwapStandpoint } from './place.ts';

/**
 * Carries out what operators ask of stand-ins: finds out where the process is for Sealane, and ends the sessions that were
 * there before a swap that asks for it.
 */
export interface Swaps {
  /** Takes a service's place, or renews the lease. A text says why it is impossible, and what to do. */
  take(asked: AskedSwap): Promise<StandInLease | string>;
  /** Ends a stand-in. Resolves once no relay thread gives it a new session, so that its process may end then. */
  giveBack(service: string, id: string): Promise<void>;
}

interface SwapsParts {
  readonly clock: Clock;
  readonly standIns: StandIns;
  readonly engines: Pick<EngineSource, 'home'>;
  readonly relay: { readonly plane: Pick<Relay['plane'], 'closeSessionsOf'> };
  readonly activation: { wake(service: string): unknown };
  readonly loop: Pick<CatalogLoop, 'catalog'>;
  readonly inEffect: InEffect;
}

export function createSwaps(parts: SwapsParts): Swaps {
  const { clock, standIns, engines, loop, inEffect } = parts;
  const resolve = createResolve(clock);
  return {
    async take({ address, shown, drain, ...asked }) {
      const { service, id } = asked;
      const known = standIns.renew(service, id);
      if (known) return known;
      const place = await placeOf(address, { ...standpoint(engines), resolve });
      if (typeof place === 'string') return place;
      const endsIn = loopThrough({ service, endpoints: place.endpoints, ...addresses(place) }, loop.catalog());
      if (endsIn !== undefined) return loops(shown, service, endsIn);
      // Other requests may have been answered meanwhile, also with this id.
      const renewed = standIns.renew(service, id);
      if (!renewed && standIns.wasGivenBack(service, id)) return `${service} was given back meanwhile.`;
      if (!renewed && standIns.leasesOf(service).length >= mostOfService)
        return `${service} has ${mostOfService} stand-ins; end some of them.`;
      const taken = renewed ?? standIns.take({ ...asked, address: shown }, place);
      if (drain) endOldSessions(taken, parts);
      // A stand-in gets all clients while there is no other upstream, and its owner asked for some.
      if (asked.percent < 100) parts.activation.wake(service);
      return taken;
    },
    async giveBack(service, id) {
      standIns.giveBack(service, id);
      await inEffect();
    },
  };
}

function addresses({ throughHost }: StandInPlace): Pick<LoopQuestion, 'own' | 'hosts'> {
  const own = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
  return { own: new Set(own), hosts: new Set(throughHost) };
}

function loops(shown: string, service: string, listen: string): string {
  return `${shown} is where Sealane serves ${service} (${listen}), so its clients would come back without end; name the address of your process.`;
}

/** Ends the sessions that the service's own upstreams had before the swap, each when its drain time is over. */
function endOldSessions({ service, standIn }: StandInLease, { clock, standIns, relay, loop }: SwapsParts): void {
  const upstreams = withoutStandIns(loop.catalog().services.get(service)?.upstreams ?? []);
  for (const { declared } of upstreams) {
    clock.after(declared.drainMs, () => {
      if (standIns.of(service) === standIn) relay.plane.closeSessionsOf(declared.key, declared.drainMs);
    });
  }
}

function standpoint({ home }: Pick<EngineSource, 'home'>): Omit<SwapStandpoint, 'resolve'> {
  const vantage = home();
  if (vantage?.selfId === undefined) {
    // No engine knows the container, if Sealane runs in one.
    const isInContainer = defaultBind() === openBind;
    return { isInContainer, gateway: isInContainer ? readGateway() : undefined };
  }
  const { reach, ownNetwork } = vantage;
  const gateway = (reach.kind === 'networks' ? reach.gateway : undefined) ?? readGateway();
  return { isInContainer: ownNetwork !== undefined, gateway };
}

function readGateway(): string | undefined {
  try {
    return defaultGateway(parseRoutes(readFileSync('/proc/net/route', 'utf8'), endianness() === 'BE'));
  } catch {
    return undefined;
  }
}
