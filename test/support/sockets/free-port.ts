import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports for servers that tests start later. They lie below the ports that the system gives to outgoing connections
 * (ip(7), ip_local_port_range), so that no client of another test can take one meanwhile, and above 10,080, the last port
 * to which fetch() and browsers refuse to connect (Fetch standard, "bad port").
 */
const lowest = 10_081;
const highest = 32_767;

/**
 * Test processes that run at the same time choose from ports of their own: each of the four lanes of `npm test`
 * (`SEALANE_TEST_LANE`, from 0) and each of the up to three workers in it (`VITEST_POOL_ID`, from 1) has every twelfth port.
 */
const workers = 3;
const sharers = 4 * workers;
const share =
  (Number(process.env['SEALANE_TEST_LANE'] ?? 0) * workers + Number(process.env['VITEST_POOL_ID'] ?? 0)) % sharers;

const givenPorts = new Set<number>();

/** A port on which nothing listens, at no address. No other test of this process gets it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest + 1);
    if (givenPorts.has(port) || port % sharers !== share) continue;
    givenPorts.add(port);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
