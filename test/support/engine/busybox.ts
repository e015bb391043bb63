import { run, which } from '../../../dev/machine/command.ts';
import { programEntries } from '../../../dev/images/machine-files.ts';
import { importImage, type Entry } from '../../../dev/images/root-filesystem.ts';
import type { EngineClient } from '../../../src/demo/engine-client.ts';

/** Builds an image of busybox alone. */
export async function buildBusyboxImage(client: EngineClient): Promise<string> {
  return importImage(client, 'sealane-test-tools', await busyboxEntries(), ['ENV PATH=/bin', 'CMD ["sh"]']);
}

/** busybox with a link for each applet, and /tmp: the shell and tools of the test images. */
export async function busyboxEntries(): Promise<Entry[]> {
  const busybox = await required('busybox');
  const applets = (await run(busybox, ['--list'])).trim().split('\n');
  return [
    ...(await programEntries(busybox, '/bin/busybox')),
    ...applets
      .filter((name) => name !== 'busybox')
      .map((name) => ({ kind: 'link' as const, path: `/bin/${name}`, target: 'busybox' })),
    { kind: 'folder', path: '/tmp', mode: 0o1777 },
  ];
}

export async function required(program: string): Promise<string> {
  const path = await which(program);
  if (path === undefined) throw new Error(`${program} is not installed`);
  return path;
}
