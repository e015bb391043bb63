import { acquireEngine, type AcquiredEngine } from '../../dev/engine/acquire.ts';
import { installMissing } from '../../dev/machine/packages.ts';
import { followEvents, type EngineEvents } from '../support/engine/events.ts';
import { buildReplicaImage } from './replica/image.ts';

/** The engine of the soak tests, with the image of the replicas and the engine's events. */
export interface SoakEngine extends AsyncDisposable {
  readonly engine: AcquiredEngine;
  readonly image: string;
  readonly events: EngineEvents;
}

export async function prepareEngine(say: (line: string) => void): Promise<SoakEngine> {
  await installMissing([{ program: 'docker-compose', debianPackage: 'docker-compose' }], say);
  await using made = new AsyncDisposableStack();
  const engine = made.use(await acquireEngine({ allowPrivate: true, onProgress: say }));
  // docker-compose, Sealane and testcontainers read these. The image of testcontainers' reaper needs a registry.
  process.env['DOCKER_HOST'] = engine.host;
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  say(`using ${engine.host}; building the replicas' image`);
  const image = made.use(await buildReplicaImage(engine));
  const events = made.use(await followEvents(engine.client));
  const kept = made.move();
  return { engine, image: image.name, events, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
