import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { run } from '../../../dev/machine/command.ts';
import { uniqueName } from './containers.ts';

/**
 * Runs a compose file of this repository with docker-compose (1.29 is the oldest supported version), with the test
 * images and a free port instead of the example's own. The project is taken down at the end of the scope.
 */
export interface ComposeProject extends AsyncDisposable {
  /** Runs `docker-compose <args>`. Resolves with its standard output. */
  compose(...args: readonly string[]): Promise<string>;
  /** The port of this machine that a service's port is published on. */
  port(service: string, port: number): Promise<number>;
}

/** The project of a compose file; `folder` is relative to the repository. It starts no container yet. */
export function composeProject(folder: string, variables: Readonly<Record<string, string>> = {}): ComposeProject {
  const file = fileURLToPath(new URL(`../../../${folder}/docker-compose.yml`, import.meta.url));
  const images = inject('images');
  const env = {
    SEALANE_IMAGE: images.sealane,
    REDIS_IMAGE: images.tools,
    NGINX_IMAGE: images.tools,
    DOCKER_SOCKET: (process.env['DOCKER_HOST'] ?? '').replace('unix://', ''),
    PORT: '0',
    METRICS_PORT: '0',
    ...variables,
  };
  const name = uniqueName('compose');
  const compose = (...args: readonly string[]): Promise<string> =>
    run('docker-compose', ['-p', name, '-f', file, ...args], { env, timeoutMs: 100_000 });
  return {
    compose,
    port: async (service, port) => Number((await compose('port', service, String(port))).trim().split(':').at(-1)),
    [Symbol.asyncDispose]: async () => {
      await compose('down', '--volumes', '--timeout', '10');
    },
  };
}
