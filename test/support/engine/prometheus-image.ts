import { connect } from '../../../src/demo/engine-client.ts';
import { programEntries } from '../../../dev/images/machine-files.ts';
import { importImage } from '../../../dev/images/root-filesystem.ts';
import { required } from './busybox.ts';

/** Builds an image of Debian's Prometheus from this machine's files. */
export async function buildPrometheusImage(host: string): Promise<string> {
  const entries = [
    ...(await programEntries(await required('prometheus'), '/usr/bin/prometheus')),
    { kind: 'folder', path: '/tmp', mode: 0o1777 } as const,
  ];
  return importImage(connect(host), 'sealane-test-prometheus', entries, ['ENV PATH=/usr/bin']);
}
