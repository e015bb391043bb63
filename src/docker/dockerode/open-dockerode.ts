import type Dockerode from 'dockerode';
import type { Agent } from 'node:http';
import type { EngineTarget } from '../engine-url.ts';
import { withoutDockerHost } from './without-docker-host.ts';

/**
 * Opens dockerode on an agent of `createEngineAgent`, which opens all connections: with TLS from its source, and with the
 * user's ssh. Imports dockerode on first use: loading takes about 0.2 s, which `--help` and a static relay don't need to
 * spend.
 */
export async function openDockerode(target: EngineTarget, agent: Agent): Promise<Dockerode> {
  const { default: Docker } = await import('dockerode');
  const host = target.kind === 'tcp' ? `${target.host}:${target.port}` : 'docker';
  // The agent opens the connections, never this path; with a path the modem neither parses addresses nor adds TLS.
  const settings = { socketPath: 'by-agent', agent, headers: { Host: host } };
  return withoutDockerHost(() => new Docker(settings));
}
