import type { ApiService } from '../../admin/schema.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfig } from '../../config/load.ts';
import { findEngines } from '../../docker/find/find-engines.ts';
import { thisMachine } from '../../docker/find/machine.ts';
import { printable } from '../../text/printable.ts';
import type { EndpointFlags } from '../client/endpoint.ts';

/**
 * Reads the environment of the container that a service's clients come to, for `--env`. The command asks the engine
 * itself: the admin API tells no container's variables, which hold its secrets.
 */
/** What belongs to the container's machine, and would mislead a process on another one; so does all of the linker, `LD_…`. */
const ofMachine: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'HOSTNAME', 'PWD', 'OLDPWD', 'SHELL', 'SHLVL', 'TERM', 'USER', 'LOGNAME', 'TMPDIR', 'LANG', '_'],
]);

/** @throws ConfigError where the service has no container, or its engine can't be asked */
export async function environmentFor(
  { name, upstreams }: ApiService,
  flags: EndpointFlags,
): Promise<Record<string, string>> {
  // One that drains may be removed by now.
  const [upstream] = upstreams
    .toSorted((a, b) => Number(a.state === 'draining') - Number(b.state === 'draining'))
    .flatMap((one) => (one.containerId === null ? [] : [{ ...one, containerId: one.containerId }]));
  if (!upstream) throw new ConfigError(`--env: ${printable(name)} has no container whose environment could be read`);
  const { settings } = await loadConfig(flags, process.env);
  const found = await findEngines(settings.docker, thisMachine());
  const engine = upstream.engine === null ? found[0] : found.find((one) => one.name === upstream.engine);
  const shown = printable(upstream.name);
  if (!engine) throw new ConfigError(`--env: name the engine of ${shown} with --docker`);
  const { readEnvironment } = await import('../../docker/dockerode/container-environment.ts');
  const variables = await readEnvironment(engine.addresses, upstream.containerId);
  if (!variables) throw new ConfigError(`--env: this engine has no container ${shown}; name its engine with --docker`);
  return Object.fromEntries(
    [...variables].filter(([variable]) => !ofMachine.has(variable) && !variable.startsWith('LD_')),
  );
}
