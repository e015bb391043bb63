import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../dev/machine/command.ts';
import { helloName } from '../hello-server.ts';
import { endsTls, printedVersion, written, type Recipe, type RelayedPort } from './recipe.ts';

/** Versions before 1.23.4 speak TLS 1.3 only when told to, and a handshake of TLS 1.2 costs less. */
const tlsLikeTheOthers = 'ssl_protocols TLSv1.2 TLSv1.3;';

/** nginx's stream proxy, always with one process. */
export const nginx: Recipe = {
  title: 'nginx',
  program: 'nginx',
  isWhole: async () => (await loadStream()) !== undefined,
  // It sends version 1 only.
  lacks: ['proxied'],
  version: () => printedVersion('nginx', '-v'),
  async commands(setup) {
    const file = await written(
      setup,
      'nginx.conf',
      `${(await loadStream()) ?? ''}
${nginxHead(setup.folder, 'nginx')}
events { worker_connections 9000; }
stream {
  access_log off;
  ssl_certificate ${setup.certificate}; ssl_certificate_key ${setup.certificate};
  ${tlsLikeTheOthers}
  ${setup.ports.map(server).join('\n  ')}
}
`,
    );
    return [['-c', file, '-e', 'stderr']];
  },
};

export function nginxHead(folder: string, name: string): string {
  return `daemon off; master_process off; pid ${join(folder, `${name}.pid`)}; error_log stderr error;`;
}

/** What loads the stream proxy, which Debian has in a module of its own; undefined where nginx comes without it. */
export async function loadStream(): Promise<string | undefined> {
  const built = await run('sh', ['-c', 'nginx -V 2>&1']);
  if (/--with-stream(?![=_])/.test(built)) return '';
  const module = join(/--modules-path=(\S+)/.exec(built)?.[1] ?? '/usr/lib/nginx/modules', 'ngx_stream_module.so');
  return existsSync(module) ? `load_module ${module};` : undefined;
}

function server(port: RelayedPort): string {
  const { kind, listen, to } = port;
  const [before, preread, target] =
    kind === 'named'
      ? [`map $ssl_preread_server_name $named { ${helloName} 127.0.0.1:${to}; } `, 'ssl_preread on; ', '$named']
      : ['', '', `127.0.0.1:${to}`];
  const ssl = endsTls(port) ? ' ssl' : '';
  return `${before}server { listen 127.0.0.1:${listen}${ssl} backlog=8192; ${preread}proxy_pass ${target}; proxy_timeout 1h; }`;
}
