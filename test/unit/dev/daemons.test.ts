import { expect, test } from 'vitest';
import { daemon, untilAnswering } from '../../../dev/engine/daemons.ts';
import { tempFolder } from '../../support/temp-folder.ts';

test.each([
  [
    'echo "unshare failed: Operation not permitted" >&2',
    'podman did not start: unshare failed: Operation not permitted',
  ],
  ['echo "level=error cause"; echo "it ends"', 'podman did not start: level=error cause'],
  ['true', 'podman did not start: it said nothing'],
])('an engine that does not start is named, with what it said: %s', async (script, message) => {
  await using folder = await tempFolder();
  const child = daemon(folder.path, 'podman', ['sh', '-c', `${script}; exit 1`]);
  const { signal } = new AbortController();
  await expect(untilAnswering(`${folder.path}/none`, child, folder.path, 'podman', signal)).rejects.toThrow(
    new Error(message),
  );
});
