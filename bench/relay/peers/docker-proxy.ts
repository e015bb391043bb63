import { printedVersion, tlsEnded, type Recipe } from './recipe.ts';

/** Docker's relay for published ports, a process for each port. It has the version of the engine that it comes with. */
export const dockerProxy: Recipe = {
  title: 'docker-proxy',
  program: 'docker-proxy',
  lacks: ['named', 'proxied', ...tlsEnded],
  version: () => printedVersion('dockerd', '--version'),
  async commands({ ports }) {
    return ports.map(({ listen, to }) => [
      ...['-proto', 'tcp', '-host-ip', '127.0.0.1', '-host-port', String(listen)],
      ...['-container-ip', '127.0.0.1', '-container-port', String(to)],
    ]);
  },
};
