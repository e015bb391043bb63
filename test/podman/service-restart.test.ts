import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { setUp } from '../support/engine/beside-engine.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { dieWithParent } from '../support/programs/die-with-parent.ts';
import { upstreamIs } from '../support/sealane/sealane.ts';

/** A further service of the tested Podman, at a socket of its own. */
async function startService(socket: string): Promise<ChildProcess> {
  const { host, inside } = testedEngine();
  const folder = dirname(host.replace('unix://', ''));
  const pid = /\d+/.exec(inside.join(' '))?.[0] ?? '';
  const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter((one) => one !== '');
  const podman = ['podman', '--root', `${folder}/root`, '--runroot', `${folder}/run`, '--cgroup-manager', 'cgroupfs'];
  const service = ['system', 'service', '--time=0', `unix://${socket}`];
  const [program, ...args] = [
    ...[...dieWithParent, 'nsenter', '--target', pid, '--mount', '--net'],
    ...['env', ...environment, ...podman, ...service],
  ] as const;
  return spawn(program, args, { stdio: 'ignore' });
}

it('a service of Podman that was killed and comes back, as a socket of systemd starts it, is followed again', async () => {
  const socket = `${dirname(testedEngine().host.replace('unix://', ''))}/second.sock`;
  const first = await startService(socket);
  try {
    await using t = await setUp('--docker', `unix://${socket}`);
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line(upstreamIs(web.name, 'ready'));
    expect(first.exitCode).toBe(null);
    const from = t.sealane.lines.length;
    first.kill('SIGKILL');
    await once(first, 'close');
    await t.sealane.line({ event: 'engine-unreachable' }, from);
    await using next = await startReplica({ labels: t.labels });
    await web.remove();
    const second = await startService(socket);
    try {
      await t.sealane.line({ event: 'engine-connected' }, from);
      await eventually(
        () => whoAnswers(t.port),
        (answer) => answer === next.name,
      );
    } finally {
      second.kill('SIGKILL');
    }
  } finally {
    first.kill('SIGKILL');
  }
});
