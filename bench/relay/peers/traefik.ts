import { helloName } from '../hello-server.ts';
import { endsTls, printedVersion, written, type Recipe } from './recipe.ts';

export const traefik: Recipe = {
  title: 'Traefik',
  program: 'traefik',
  lacks: [],
  version: () => printedVersion('traefik', 'version'),
  async commands(setup) {
    const { ports, certificate } = setup;
    const routers = ports.map((port) => {
      const passed = port.kind === 'named' ? { tls: { passthrough: true } } : {};
      const rule = `HostSNI(\`${port.kind === 'named' ? helloName : '*'}\`)`;
      const route = { entryPoints: [port.kind], service: port.kind, rule, ...passed };
      return [port.kind, endsTls(port) ? { ...route, tls: {} } : route];
    });
    const services = ports.map(({ kind, to }) => {
      const header = kind === 'proxied' ? { proxyProtocol: { version: 2 } } : {};
      return [kind, { loadBalancer: { servers: [{ address: `127.0.0.1:${to}` }], ...header } }];
    });
    const dynamic = {
      tcp: { routers: Object.fromEntries(routers), services: Object.fromEntries(services) },
      tls: { stores: { default: { defaultCertificate: { certFile: certificate, keyFile: certificate } } } },
    };
    const entryPoints = ports.map(({ kind, listen }) => [kind, { address: `127.0.0.1:${listen}` }]);
    const fixed = {
      global: { checkNewVersion: false, sendAnonymousUsage: false },
      log: { level: 'ERROR' },
      entryPoints: Object.fromEntries(entryPoints),
      providers: { file: { filename: await written(setup, 'routes.yaml', JSON.stringify(dynamic)), watch: false } },
    };
    return [[`--configFile=${await written(setup, 'traefik.yaml', JSON.stringify(fixed))}`]];
  },
};
