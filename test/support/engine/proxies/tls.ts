import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { PemPair } from '../../../../src/certificates/authority.ts';

/** A TLS server before an engine's unix socket, as dockerd's `--tlsverify`: it asks clients for a certificate. */
export interface EngineTlsProxy extends AsyncDisposable {
  /** Of localhost: its certificate is for that name. */
  readonly url: string;
}

export async function startEngineTlsProxy(
  engineUrl: string,
  own: PemPair,
  authority: PemPair,
): Promise<EngineTlsProxy> {
  const sockets = new Set<Socket>();
  const server = createServer(
    { cert: own.certificate, key: own.key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true },
    (client) => {
      const engine = connect(engineUrl.replace(/^unix:\/\//, ''));
      for (const socket of [client, engine]) sockets.add(socket);
      client.on('error', () => engine.destroy()).on('close', () => engine.destroy());
      engine.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.pipe(engine).pipe(client);
    },
  );
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `tcp://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
