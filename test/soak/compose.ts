import { join } from 'node:path';
import { run } from '../../dev/machine/command.ts';
import { engineClient, uniqueName } from '../support/engine/containers.ts';
import type { SoakEnvironment } from './environment.ts';

/** The project of the docker-compose.yml beside this file, whose replicas are scaled by compose. */
export interface ComposeProject extends AsyncDisposable {
  /** Runs `docker-compose up`. Resolves when Sealane has logged that new replicas are ready and old ones removed. */
  up(replicas: number, ...options: readonly string[]): Promise<void>;
}

export function composeProject(environment: SoakEnvironment): ComposeProject {
  const project = uniqueName('compose');
  const file = join(import.meta.dirname, 'docker-compose.yml');
  const env = { SOAK_IMAGE: environment.image, SOAK_PREFIX: environment.prefix, SOAK_PORT: String(environment.port) };
  const compose = (...args: readonly string[]): Promise<string> =>
    run('docker-compose', ['-p', project, '-f', file, ...args], { env, timeoutMs: 120_000 });

  /** The names of the running containers, by id. */
  const running = async (): Promise<Map<string, string>> => {
    const filters = { label: [`com.docker.compose.project=${project}`] };
    const rows = await engineClient().listContainers({ filters });
    return new Map(rows.map(({ Id, Names }) => [Id, (Names[0] ?? '').slice(1)]));
  };

  return {
    async up(replicas, ...options) {
      const from = environment.mark();
      const before = await running();
      await compose('up', '-d', '--scale', `whoami=${replicas}`, ...options);
      const after = await running();
      const started = [...after].filter(([id]) => !before.has(id));
      await Promise.all(started.map(([, name]) => environment.ready(name, from)));
      // A recreated container is removed under its own name, or under the temporary one that compose gave it.
      const gone = [...before].filter(([id]) => !after.has(id));
      await Promise.all(gone.map(([, name]) => environment.left(new RegExp(`^(?:[0-9a-f]{12}_)?${name}$`), from)));
    },
    async [Symbol.asyncDispose]() {
      await compose('down', '--timeout', '10');
    },
  };
}
