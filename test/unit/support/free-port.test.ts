import { expect, test } from 'vitest';
import { freePort } from '../../support/sockets/free-port.ts';

test('a free port is returned only once, since its server does not listen yet', async () => {
  const ports: number[] = [];
  for (let count = 0; count < 400; count++) ports.push(await freePort());

  expect(new Set(ports).size).toBe(400);
});

test('a free port is below the ports of outgoing connections', async () => {
  expect(await freePort()).toBeLessThan(32_768);
});
