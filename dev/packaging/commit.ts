import { spawnSync } from 'node:child_process';

/**
 * The commit that is built, for `sealane --version --json`: the variable REVISION where there is no repository, as in the
 * build of an image. Undefined where neither is there.
 */
function builtCommit(): string | undefined {
  const { REVISION } = process.env;
  if (REVISION) return REVISION;
  const args = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude', '*'];
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.trim() : undefined;
}

/** What the bundler puts in the place of the commit in `src/version.ts`. */
export function commitDefinition(): Record<string, string> {
  return { 'process.env.SEALANE_COMMIT': JSON.stringify(builtCommit()) ?? 'undefined' };
}
