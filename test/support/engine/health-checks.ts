import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestContainer } from './containers.ts';
import { engineDifferences, testedEngine } from './tested-engine.ts';

interface HealthChecks extends AsyncDisposable {
  stop(): Promise<void>;
}

/** Runs the container's health check again and again, where the engine does not do so by itself, as systemd would. */
export function keepChecking(container: TestContainer): HealthChecks {
  const ending = new AbortController();
  const checking = engineDifferences().checksHealth ? Promise.resolve() : check(container.id, ending.signal);
  const stop = async (): Promise<void> => {
    ending.abort();
    await checking;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

async function check(id: string, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    await runOnce(id);
    await pause(100);
  }
}

/** Podman's own API has a call for it: `podman healthcheck run`. */
function runOnce(id: string): Promise<void> {
  const socketPath = testedEngine().host.replace('unix://', '');
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path: `/v4.0.0/libpod/containers/${id}/healthcheck`, agent: false });
    call.on('response', (response) => {
      const { statusCode = 0 } = response;
      const done = statusCode < 400 ? resolve : () => reject(new Error(`the engine answers ${statusCode}`));
      response.resume().on('end', done).on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}
