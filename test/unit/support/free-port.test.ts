import { expect, it } from 'vitest';
import { freePort } from '../../support/sockets/sockets.ts';

it('a free port is given once: whoever is to listen on it has not begun yet', async () => {
  const ports: number[] = [];
  for (let count = 0; count < 400; count++) ports.push(await freePort());

  expect(new Set(ports).size).toBe(400);
});
