import { chooseDriver } from '../../relay/driver/choose-driver.ts';
import { commit, version } from '../../version.ts';

/** `sealane --version --json`: what a report of a fault should have, and what scripts decide by. */
export function printVersion(): number {
  const splice = chooseDriver('splice');
  const described = {
    version,
    commit: commit ?? null,
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    drivers: {
      splice: { possible: splice.kind === 'chosen', reason: splice.kind === 'chosen' ? null : splice.reason },
      stream: { possible: true, reason: null },
    },
  };
  process.stdout.write(`${JSON.stringify(described, undefined, 2)}\n`);
  return 0;
}
