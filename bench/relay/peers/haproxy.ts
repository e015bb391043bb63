import { helloName } from '../hello-server.ts';
import { endsTls, printedVersion, written, type Recipe, type RelayedPort } from './recipe.ts';

export const haproxy: Recipe = {
  title: 'HAProxy',
  program: 'haproxy',
  lacks: [],
  version: () => printedVersion('haproxy', '-v'),
  async commands(setup) {
    const file = await written(
      setup,
      'haproxy.cfg',
      `global
  nbthread ${setup.workers}
  maxconn 7000
defaults
  mode tcp
  option splice-request
  option splice-response
  timeout connect 5s
  timeout client 1h
  timeout server 1h
${setup.ports.map((port) => proxy(port, setup.certificate)).join('')}`,
    );
    return [['-db', '-f', file]];
  },
};

function proxy(port: RelayedPort, certificate: string): string {
  const { kind, listen, to } = port;
  const byName = `  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend api if { req.ssl_sni -i ${helloName} }
backend api
`;
  return `listen ${kind}
  bind 127.0.0.1:${listen} backlog 8192${endsTls(port) ? ` ssl crt ${certificate}` : ''}
${kind === 'named' ? byName : ''}  server s 127.0.0.1:${to}${kind === 'proxied' ? ' send-proxy-v2' : ''}
`;
}
