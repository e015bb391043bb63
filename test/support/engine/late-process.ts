import { expect } from 'vitest';
import type { AdminApi } from '../sealane/admin-api.ts';
import { eventually, whoAnswers } from './replica.ts';

/**
 * A container whose published port is there before its process listens, and its clients, who wait.
 */

/** The script of such a container: it serves `hello` on port 8080 once the file is there. */
export const serveOnce = (file: string): string =>
  "trap 'exit 0' TERM; mkdir /tmp/www; echo hello > /tmp/www/index.html; " +
  `until [ -e ${file} ]; do sleep 0.05; done; httpd -f -p 8080 -h /tmp/www & wait`;

/** Expects that clients of the service `web` on `port` wait until `go` has made the file, and are then answered. */
export async function expectClientsToWait(api: AdminApi, port: number, go: () => Promise<unknown>): Promise<void> {
  const { summary } = await api.whyUntil('web', 'nothing-listens');
  expect(summary).toMatch(/its published port accepts and closes at once: no process listens behind it yet$/);
  const clients = Promise.all(Array.from({ length: 5 }, () => whoAnswers(port, '127.0.0.1')));
  await eventually(
    async () => (await api.service('web')).held,
    (held) => held === 5,
  );
  await go();
  expect(new Set(await clients)).toEqual(new Set(['hello']));
}

/** Expects `why` to say of the container, which publishes no port, that it is not reached. */
export async function expectUnpublished(api: AdminApi, container: string): Promise<void> {
  const { summary, next } = await api.whyUntil(container, 'no-address');
  expect(summary).toMatch(/this engine is rootless: .* port 8080 is not published/);
  expect(next).toMatch(/^Publish it/);
}
