import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultTls, type TlsSource } from '../tls-source.ts';

/** What tells of the engines of a machine: the variables of the docker command, and its folder in the user's home. */
export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

export function thisMachine(): Machine {
  return { environment: process.env, home: homedir(), platform: process.platform };
}

/** The folder of the docker command's configuration and contexts. */
export function dockerFolder({ environment, home }: Machine): string {
  return environment['DOCKER_CONFIG'] || join(home, '.docker');
}

/** What the variables of the docker command say of TLS. An empty variable counts as unset. */
export function tlsOfEnvironment(machine: Machine): TlsSource {
  const { DOCKER_TLS_VERIFY: verify, DOCKER_CERT_PATH: folder } = machine.environment;
  return {
    ...defaultTls,
    isWanted: (verify ?? '') !== '',
    folder: folder || dockerFolder(machine),
    isRequired: (folder ?? '') !== '',
  };
}
