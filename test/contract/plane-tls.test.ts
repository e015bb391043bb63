import { once } from 'node:events';
import { expect, inject, test } from 'vitest';
import { planeRig, publishAndBind } from '../support/sockets/rig.ts';
import { sharePlane } from '../support/sockets/shared-plane.ts';
import { serveEcho } from '../support/sockets/sockets.ts';
import { upstream } from '../support/sockets/tables.ts';
import { dialTls, tlsTable } from '../support/sockets/tls.ts';
import { describeTls } from './tls.contract.ts';
import { describeUpstreamTls } from './upstream-tls.contract.ts';

/**
 * TLS through the plane with the splice driver: in the thread that accepts, and in the thread with the stream driver, to
 * which clients are handed off whose upstreams speak TLS, and all of them where the splice driver can end no TLS.
 */
const workerUrl = new URL(inject('relayWorker'));

describeTls('plane, splice driver', sharePlane('splice', { workerUrl }));

describeUpstreamTls('plane, splice driver', sharePlane('splice', { workerUrl }));

describeTls('plane, splice driver without OpenSSL', sharePlane('splice', { workerUrl, endsTls: false }));

test.each(['splice', 'stream'] as const)(
  '%s: a TLS session that began in one thread is resumed in every other',
  async (driver) => {
    await using rig = planeRig(driver, { workers: 3, workerUrl });
    await using server = await serveEcho();
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
    await using first = await dialTls(port);
    const [session] = (await Promise.all([once(first.socket, 'session'), first.echo('hello')]))[0] as [Buffer];
    // The kernel spreads the clients over the threads: that all of these come to one is one chance in 10^14.
    for (let round = 0; round < 30; round++) {
      await using next = await dialTls(port, { session });
      expect(await next.echo('again')).toBe('again');
      expect(next.socket.isSessionReused()).toBe(true);
    }
  },
);
