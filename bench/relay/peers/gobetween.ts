import { endsTls, printedVersion, written, type Recipe, type RelayedPort } from './recipe.ts';

export const gobetween: Recipe = {
  title: 'gobetween',
  program: 'gobetween',
  // Its PROXY header is of version 1.
  lacks: ['named', 'proxied'],
  version: () => printedVersion('gobetween', '--version'),
  async commands(setup) {
    const head = '[logging]\nlevel = "error"\noutput = "stderr"\n[api]\nenabled = false\n';
    const servers = setup.ports.map((port) => server(port, setup.certificate));
    return [['-c', await written(setup, 'gobetween.toml', `${head}${servers.join('')}`)]];
  },
};

function server(port: RelayedPort, certificate: string): string {
  const { kind, listen, to } = port;
  const tls = `[servers.${kind}.tls]\ncert_path = "${certificate}"\nkey_path = "${certificate}"\n`;
  return `[servers.${kind}]
protocol = "${endsTls(port) ? 'tls' : 'tcp'}"
bind = "127.0.0.1:${listen}"
${endsTls(port) ? tls : ''}[servers.${kind}.discovery]
kind = "static"
static_list = ["127.0.0.1:${to}"]
`;
}
