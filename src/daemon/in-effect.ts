import type { Clock } from '../time/clock.ts';
import type { CatalogLoop } from './catalog-loop.ts';
import type { Relay } from './relay.ts';

/** Resolves once all that an operator has asked for so far holds for each new client. */
export type InEffect = () => Promise<void>;

interface InEffectParts {
  readonly clock: Clock;
  readonly loop: Pick<CatalogLoop, 'catalogs' | 'markDirty'>;
  readonly relay: { readonly plane: Pick<Relay['plane'], 'applied'> };
}

/** After so long a request is answered although a relay thread is stuck. */
const patienceMs = 1_000;

/** A request is in effect once the next catalog has reached all relay threads: its table is published before it is told. */
export function createInEffect({ clock, loop, relay }: InEffectParts): InEffect {
  const waiting = new Set<() => void>();
  loop.catalogs.on(() => {
    for (const done of waiting) done();
    waiting.clear();
  });
  const nextApplied = async (): Promise<void> => {
    await new Promise<void>((done) => waiting.add(done));
    await relay.plane.applied();
  };
  return async () => {
    const late = Promise.withResolvers<void>();
    const timer = clock.after(patienceMs, late.resolve);
    const applied = nextApplied();
    loop.markDirty();
    await Promise.race([applied, late.promise]);
    timer.cancel();
  };
}
