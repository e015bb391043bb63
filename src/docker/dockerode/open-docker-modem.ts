import type DockerModem from 'docker-modem';
import type { EngineTarget } from '../engine-url.ts';
import { createEngineAgent, type EngineConnectionOptions } from './connection.ts';
import { withoutDockerHost } from './without-docker-host.ts';

/**
 * Opens docker-modem, the HTTP client of dockerode, on an agent of Sealane's own, which opens all connections: with TLS
 * from its source, and with the user's ssh. Imports it on first use: `--help` and a static relay don't need to load it.
 */
export async function openDockerModem(target: EngineTarget, options: EngineConnectionOptions): Promise<DockerModem> {
  const agent = await createEngineAgent(target, options);
  const { default: Modem } = await import('docker-modem');
  const host = target.kind === 'tcp' ? `${target.host}:${target.port}` : 'docker';
  // The agent opens the connections, never this path; with a path the modem neither parses addresses nor adds TLS.
  const settings = { socketPath: 'by-agent', agent, headers: { Host: host } };
  return withoutDockerHost(() => new Modem(settings));
}
