import { join } from 'node:path';
import { printedVersion, tlsEnded, written, type Recipe, type RelayedPort } from './recipe.ts';

/** A process for the commands, and one for each worker. */
export const sozu: Recipe = {
  title: 'sozu',
  program: 'sozu',
  lacks: ['named', ...tlsEnded],
  version: () => printedVersion('sozu', '--version'),
  async commands(setup) {
    const file = await written(
      setup,
      'sozu.toml',
      `log_level = "error"
log_target = "stdout"
command_socket = "${join(setup.folder, 'sozu.sock')}"
worker_count = ${setup.workers}
max_connections = 9000
max_buffers = 20000
activate_listeners = true
front_timeout = 3600
back_timeout = 3600
${setup.ports.map(relay).join('')}`,
    );
    return [['start', '-c', file]];
  },
};

function relay({ kind, listen, to }: RelayedPort): string {
  return `
[[listeners]]
protocol = "tcp"
address = "127.0.0.1:${listen}"
[clusters.${kind}]
protocol = "tcp"
send_proxy = ${kind === 'proxied'}
frontends = [{ address = "127.0.0.1:${listen}" }]
backends = [{ address = "127.0.0.1:${to}" }]
`;
}
