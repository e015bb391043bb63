import { createActivation, type Activation } from '../../activation/activation.ts';
import type { RestEvent } from '../../activation/ports.ts';
import type { RestWorld } from '../../activation/world.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Settings } from '../../config/settings.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../time/clock.ts';
import { Broadcast } from '../broadcast.ts';
import type { EngineSource } from '../engine-source.ts';
import type { Relay } from '../relay.ts';
import { createCompanionProbe } from './companion-probe.ts';
import { createEngineChanges } from './engine-changes.ts';
import { readRestWorld } from './rest-world.ts';

/**
 * Connects activation to the engines, the catalog and the relay. Where Sealane may start no container, it does nothing.
 */
export interface ActivationSource extends Activation {
  /** Begins to follow the catalogs, which are computed with what `restOf` says. */
  follow(catalog: () => Catalog, catalogs: Broadcast<[Catalog]>): void;
  readonly events: Broadcast<[RestEvent]>;
}

export interface ActivationSourceParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly onChange: () => void;
  readonly engines: EngineSource;
  readonly relay: Relay;
}

const nothing: RestWorld = { containers: new Map(), heldOf: () => 0 };

export function createActivationSource(
  parts: ActivationSourceParts,
  settings: Pick<Settings, 'engine-actions' | 'label-prefix'>,
): ActivationSource {
  const { clock, logger, engines, relay } = parts;
  const { 'engine-actions': allowed, 'label-prefix': labelPrefix } = settings;
  const events: ActivationSource['events'] = new Broadcast();
  const probe = createCompanionProbe(clock, () => activation.update());
  let readWorld = (): RestWorld => nothing;
  const activation = createActivation({
    ...parts,
    readWorld: () => readWorld(),
    actions: createEngineChanges(engines),
    announce: events.tell,
  });
  events.on(({ level, message, ...fields }) => logger[level](fields, message));
  return {
    ...methodsOf(activation),
    events,
    follow(catalog, catalogs) {
      if (!allowed.includes('start')) return;
      readWorld = () => readRestWorld({ engines, catalog, plane: relay.plane, probe, labelPrefix });
      catalogs.on(() => activation.update());
      relay.waiting.on((service, client) => activation.onWaiting(service, client));
    },
    stop() {
      activation.stop();
      probe.stop();
    },
  };
}

function methodsOf(activation: Activation): Activation {
  return {
    update: () => activation.update(),
    onWaiting: (service, client) => activation.onWaiting(service, client),
    restOf: (id) => activation.restOf(id),
    wake: (service) => activation.wake(service),
    sleep: (service) => activation.sleep(service),
    figures: () => activation.figures(),
    stop: () => activation.stop(),
  };
}
