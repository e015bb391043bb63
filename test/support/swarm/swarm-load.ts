import type { ApiService } from '../../../src/admin/schema.ts';
import { messageOf } from '../../../src/text/message-of.ts';
import type { Failure } from '../../soak/failure.ts';
import { startOpenLoad, type OpenLoad } from '../../soak/open-load.ts';
import { findSession, sessionsOf, type SessionLine } from '../../soak/session.ts';
import { eventually } from '../engine/replica.ts';
import type { SwarmSealane } from './swarm-sealane.ts';
import { swarmPauseMs, type SwarmService, type TaskSight } from './swarm-service.ts';

/**
 * Clients of a Sealane that serves a service of a Swarm, and what became of those that failed.
 */
export function startSwarmLoad({ port, host }: SwarmSealane, perSecond = 100): OpenLoad & AsyncDisposable {
  const load = startOpenLoad(port, perSecond, host);
  return Object.assign(load, { [Symbol.asyncDispose]: () => load.stop() });
}

export interface FailedClient extends Failure {
  /** Sealane's record of its session. */
  readonly session: SessionLine | undefined;
}

/** Ends the load and Sealane. Resolves with the clients that failed. */
export async function failedClients(load: OpenLoad, sealane: SwarmSealane): Promise<FailedClient[]> {
  await load.stop();
  const sessionOf = findSession(sessionsOf(await sealane.stop()));
  return load.failures.map((failure) => ({ ...failure, session: sessionOf(failure) }));
}

/**
 * Resolves with the tasks of the service once so many run, and Sealane has just these as ready upstreams. The error tells
 * what the Swarm and Sealane say of the service, which are gone with the Swarm.
 */
export async function readyTasks(sealane: SwarmSealane, service: SwarmService, count: number): Promise<TaskSight[]> {
  const tasks = await service.settled(count);
  const containers = new Set(tasks.map(({ container = '' }) => container));
  // Until its first task runs, Sealane may not know of the service.
  const sight = (): Promise<ApiService | undefined> => sealane.api.service(service.name).catch(() => undefined);
  try {
    await eventually(
      async () =>
        (await sight())?.upstreams.map(({ containerId, state }) => (state === 'ready' ? (containerId ?? '') : state)),
      (ready) => ready?.length === count && ready.every((container) => containers.has(container)),
      90_000,
      swarmPauseMs,
    );
  } catch (error) {
    const told = {
      tasks: await service.tasks().catch(messageOf),
      service: await sight(),
      ...(await sealane.api.overview().catch((reason) => ({ overview: messageOf(reason) }))),
    };
    throw new Error(`${messageOf(error)}; at the end ${JSON.stringify(told)}`, { cause: error });
  }
  return tasks;
}
