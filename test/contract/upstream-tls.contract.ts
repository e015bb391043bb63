import { describe, expect, test } from 'vitest';
import { authority, leafFor } from '../support/certificates/certificates.ts';
import { closing, published, servePortProxy } from '../support/sockets/port-proxy.ts';
import { publishAndBind, type CreateRig } from '../support/sockets/rig.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { dialTls, serveTls, tlsSpec, upstreamTlsTable } from '../support/sockets/tls.ts';
import { dial, serve, serveEcho } from '../support/sockets/sockets.ts';

/**
 * The behaviour of sessions whose upstream is spoken TLS with, whichever thread does so.
 */
export function describeUpstreamTls(name: string, createRig: CreateRig): void {
  describe(`${name}: an upstream that speaks TLS`, () => {
    const named = { serverName: 'api.localhost', verify: true };
    const trusting = tlsSpec({ upstream: { authorities: authority.certificate, certificate: undefined } });

    test('gets the bytes of a client, and either side may end its direction first', async () => {
      await using rig = createRig();
      await using server = await serveTls();
      const port = await publishAndBind(rig, upstreamTlsTable(server.port, named, trusting));
      await using client = await dial(port);
      expect(await client.echo('hello')).toBe('hello');
      client.socket.end('bye');
      expect(await client.readToEnd()).toBe('bye');
      expect(await client.closed).toBe('ended');
      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'finished', bytesUp: 8, bytesDown: 8 });
      expect(server.names).toEqual(['api.localhost']);
    });

    test('may serve clients whose TLS is ended as well', async () => {
      await using rig = createRig();
      await using server = await serveTls();
      const passing = upstreamTlsTable(server.port, named, trusting);
      const port = await publishAndBind(rig, {
        ...passing,
        listeners: passing.listeners.map((one) => ({ ...one, tls: 'terminate' })),
      });
      await using client = await dialTls(port);
      expect(await client.echo('hello')).toBe('hello');
    });

    test('is shown Sealane’s certificate, if it requests one', async () => {
      await using rig = createRig();
      const { certificate, key } = await leafFor(['sealane'], { client: true });
      await using server = await serveTls({ requestCert: true, rejectUnauthorized: true, ca: authority.certificate });
      const tls = tlsSpec({
        upstream: { authorities: authority.certificate, certificate: { names: [], chain: certificate, key } },
      });
      const port = await publishAndBind(rig, upstreamTlsTable(server.port, named, tls));
      await using client = await dial(port);
      expect(await client.echo('hello')).toBe('hello');
      expect(server.clients).toEqual(['sealane']);
    });

    test.each([
      ['for another name', { serverName: 'web.localhost', verify: true }, trusting, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      ['of an authority that is not trusted', named, tlsSpec(), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ])('whose certificate is %s counts as failing to answer', async (_title, upstreamTls, tls, code) => {
      await using rig = createRig();
      await using server = await serveTls();
      const port = await publishAndBind(rig, upstreamTlsTable(server.port, upstreamTls, tls, { holdMs: 50 }));
      await using client = await dial(port);
      await client.closed;
      const record = await rig.records.find(() => true);
      expect(record.reason).toBe('hold-expired');
      expect(record.lastDialError).toContain(code);
    });

    test('may show any certificate where none is verified', async () => {
      await using rig = createRig();
      await using server = await serveTls();
      const unverified = { serverName: 'any.localhost', verify: false };
      const port = await publishAndBind(rig, upstreamTlsTable(server.port, unverified, tlsSpec()));
      await using client = await dial(port);
      expect(await client.echo('hello')).toBe('hello');
    });

    test('that accepts and then begins no TLS has not answered, and another is dialed beside it', async () => {
      await using rig = createRig();
      await using stuck = await serve();
      await using server = await serveTls();
      const upstreams = [upstream('a', { port: stuck.port }), upstream('b', { port: server.port })];
      const options = { upstreamTls: named, balance: 'first', connectTimeoutMs: 60_000 } as const;
      const port = await publishAndBind(rig, { ...table([pool(upstreams, options)]), tls: trusting });
      await using client = await dial(port);
      expect(await client.echo('hello')).toBe('hello');
      client.socket.end();
      expect(await rig.records.find(() => true)).toMatchObject({ upstream: 'b', retries: 0, reason: 'finished' });
      expect(rig.active('a')).toBe(0);
      await stuck.peers[0]?.readToEnd();
    });

    test('is dialed when a port proxy closes the connection to another amid the handshake', async () => {
      await using rig = createRig();
      await using dead = await servePortProxy(closing('an end', 50));
      await using server = await serveTls();
      const upstreams = [published('dead', dead.port), published('b', server.port)];
      const spec = pool(upstreams, { upstreamTls: named, balance: 'first' });
      const port = await publishAndBind(rig, { ...table([spec]), tls: trusting });
      await using client = await dial(port);
      expect(await client.echo('hello')).toBe('hello');
      client.socket.end();

      expect(await rig.records.find(() => true)).toMatchObject({ upstream: 'b', retries: 1, reason: 'finished' });
    });

    test('that does not speak TLS after all counts as failing to answer', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, upstreamTlsTable(server.port, named, trusting, { holdMs: 50 }));
      await using client = await dial(port);
      await client.closed;
      expect((await rig.records.find(() => true)).reason).toBe('hold-expired');
    });
  });
}
