import { run } from '../../../dev/machine/command.ts';
import { freePort } from '../../../test/support/sockets/free-port.ts';
import { helloName } from '../hello-server.ts';
import { written, type PortKind, type Recipe } from './recipe.ts';

const kinds: Readonly<Record<PortKind, object>> = {
  http: {},
  bulk: {},
  named: { sni: helloName },
  proxied: { 'proxy-protocol': 'v2' },
  tlsWeb: { tls: 'terminate' },
  tlsBulk: { tls: 'terminate' },
};

/** Sealane as its users run it, without access log; the admin API is on only where it watches an engine. */
export function sealane(title: string, driver: 'splice' | 'stream', main: string): Recipe {
  return {
    title,
    program: process.execPath,
    lacks: [],
    version: async () => (await builtCommit(main)).slice(0, 7),
    async commands(setup) {
      const { ports, engine, workers, certificate } = setup;
      const services = ports.map(({ kind, listen, to }) => [
        kind,
        { listen: `127.0.0.1:${listen}`, upstreams: [`127.0.0.1:${to}`], ...kinds[kind] },
      ]);
      const file = await written(setup, 'sealane.yaml', JSON.stringify({ services: Object.fromEntries(services) }));
      const flags = {
        docker: engine ?? 'none',
        admin: engine === undefined ? 'off' : `127.0.0.1:${await freePort()}`,
        bind: '127.0.0.1',
        ...{ config: file, driver, workers, certs: certificate, 'access-log': 'off', 'log-level': 'warn' },
      };
      return [[main, 'run', ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])]];
    },
  };
}

/** The commit of a build, which ends in `-dirty` where it had changes. */
export async function builtCommit(main: string): Promise<string> {
  const text = await run(process.execPath, [main, '--version', '--json']);
  return /"commit": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
