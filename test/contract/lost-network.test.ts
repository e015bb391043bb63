import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { dieWithParent } from '../support/programs/die-with-parent.ts';

/**
 * Dials to a container whose network is gone, in a network namespace of the test's own.
 */
const script = fileURLToPath(new URL('../support/network/lost-network.ts', import.meta.url));
/** Only root may make a network namespace; all others may make one within a user namespace of their own. */
const ownNamespace = process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--map-root-user', '--net'];

const addresses = ['10.77.0.2:80', '[fd77::2]:80'];

test('no packet for a container whose network is gone leaves by the default route, whatever dials or probes it', async () => {
  const command = [...dieWithParent, ...ownNamespace, process.execPath, script];
  const { stdout } = await promisify(execFile)('env', command);
  const ofBoth = (code: string): string[] =>
    ['splice', 'stream'].flatMap((driver) => addresses.map((address) => `${driver} ${code} ${address}`));
  expect(JSON.parse(stdout)).toEqual({
    // The bridge was removed while these dials were under way.
    pending: { failures: addresses.map((address) => `splice ETIMEDOUT ${address}`), left: 0 },
    gone: { failures: ofBoth('ENETUNREACH'), left: 0 },
    // Addresses that are no container's follow the machine's routes.
    routed: { failures: ofBoth('ETIMEDOUT'), left: expect.toSatisfy((left: number) => left >= 4) },
    probed: {
      failures: addresses.map(
        (address) => `Sealane is on no network with ${address}: that network is gone (ENETUNREACH)`,
      ),
      left: 0,
    },
  });
});
