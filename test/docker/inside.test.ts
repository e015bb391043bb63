import { stat } from 'node:fs/promises';
import { describe, expect, inject, it } from 'vitest';
import {
  startContainer,
  startNetwork,
  engineClient,
  uniqueName,
  type TestContainer,
} from '../support/engine/containers.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { hasFields, logLines, type WantedLine } from '../support/sealane/sealane.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';

/**
 * Sealane in a container of the shipped image, hardened as in the README, and reached from this machine by its address.
 */
async function startInside(
  prefix: string,
  networks: readonly string[],
  flags: readonly string[] = [],
  {
    user = '0',
    volumes = [],
    ports = [],
  }: { readonly user?: string; readonly volumes?: readonly string[]; readonly ports?: readonly number[] } = {},
): Promise<TestContainer> {
  const socket = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');
  return startContainer({
    image: inject('images').sealane,
    command: ['run', '--label-prefix', prefix, '--docker', 'unix:///run/engine.sock', ...flags],
    networks,
    env: { SEALANE_LOG_FORMAT: 'json' },
    ports,
    binds: [`${socket}:/run/engine.sock:ro`, ...volumes],
    create: { User: user },
    host: {
      ...{ ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'] },
      GroupAdd: [String((await stat(socket)).gid)],
    },
  });
}

/** Waits for a log line with these fields, and returns the whole log. */
async function says(sealane: TestContainer, wanted: WantedLine): Promise<string> {
  return eventually(
    () => sealane.logs(),
    (logs) => logLines(logs).some((line) => hasFields(line, wanted)),
  );
}

const labelled = (prefix: string, more: Record<string, string> = {}): Record<string, string> => ({
  [`${prefix}.listen`]: '9000',
  [`${prefix}.port`]: '8080',
  [`${prefix}.pool`]: 'web',
  ...more,
});

describe('Sealane in a container', () => {
  it('reaches containers only at their addresses on shared networks', async () => {
    const prefix = uniqueName('label');
    await using shared = await startNetwork();
    await using other = await startNetwork();
    await using web = await startReplica({ labels: labelled(prefix), networks: [other.name] });
    await shared.connect(web);
    await using sealane = await startInside(prefix, [shared.name]);
    const logs = await says(sealane, { event: 'route-opened', service: 'web' });
    expect(logs).toContain(await web.address(shared.name));
    expect(logs).not.toContain(await web.address(other.name));
    expect(await whoAnswers(9000, await sealane.address())).toBe(web.name);
  });

  it('names the published address, at which it is reached from the host', async () => {
    const prefix = uniqueName('label');
    await using web = await startReplica({ labels: labelled(prefix) });
    await using sealane = await startInside(prefix, [], [], { ports: [9000] });
    const opened = logLines(await says(sealane, { event: 'route-opened', service: 'web' }));
    const message = opened.find(({ event }) => event === 'route-opened')?.msg ?? '';
    const [, published] = /0\.0\.0\.0:(\d+)/.exec(message) ?? [];
    expect(published).not.toBe('9000');
    expect(await whoAnswers(Number(published), '127.0.0.1')).toBe(web.name);
  });

  it('names the network to attach when it shares none, and serves as soon as it is attached', async () => {
    const prefix = uniqueName('label');
    await using own = await startNetwork();
    await using theirs = await startNetwork();
    await using web = await startReplica({ labels: labelled(prefix), networks: [theirs.name] });
    await using sealane = await startInside(prefix, [own.name]);
    const logs = await says(sealane, { event: 'problem', code: 'no-shared-network' });
    expect(logs).toContain(theirs.name);
    expect(logs).toContain('--engine-actions connect');
    await theirs.connect(sealane);
    await says(sealane, { event: 'route-opened', service: 'web' });
    expect(await whoAnswers(9000, await sealane.address(own.name))).toBe(web.name);
  });

  it('reaches a container on the host network through its gateway', async () => {
    const prefix = uniqueName('label');
    const port = await freePort();
    await using web = await startReplica({
      labels: labelled(prefix, { [`${prefix}.port`]: String(port) }),
      networks: ['host'],
      port,
    });
    await using sealane = await startInside(prefix, []);
    await says(sealane, { event: 'route-opened', service: 'web' });
    expect(await whoAnswers(9000, await sealane.address())).toBe(web.name);
  });

  it('opens a port on loopback alone on the host network, as it does on the host', async () => {
    const prefix = uniqueName('label');
    const port = await freePort();
    await using network = await startNetwork();
    await using web = await startReplica({
      labels: labelled(prefix, { [`${prefix}.listen`]: String(port) }),
      networks: [network.name],
    });
    await using sealane = await startInside(prefix, ['host'], ['--admin', 'off']);
    await says(sealane, { event: 'route-opened', service: 'web', listen: `127.0.0.1:${port}` });
    expect(await whoAnswers(port, '127.0.0.1')).toBe(web.name);
    const { IPAM } = await engineClient().getNetwork(network.id).inspect();
    const gateway = IPAM?.Config?.[0]?.['Gateway'];
    if (gateway === undefined) throw new Error('the network has no gateway');
    // The host's address on that network stands for all its others.
    expect(await whoAnswers(port, gateway)).toBe('ECONNREFUSED');
  });

  it('serves only its own compose project with scope=project', async () => {
    const prefix = uniqueName('label');
    const compose = (project: string): Record<string, string> => ({
      'com.docker.compose.project': project,
      'com.docker.compose.service': 'x',
    });
    await using ours = await startReplica({ labels: labelled(prefix, compose('ours')) });
    await using theirs = await startReplica({
      labels: labelled(prefix, { ...compose('theirs'), [`${prefix}.listen`]: '9001', [`${prefix}.pool`]: 'foreign' }),
    });
    const socket = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');
    await using sealane = await startContainer({
      image: inject('images').sealane,
      command: ['run', '--label-prefix', prefix, '--docker', 'unix:///run/engine.sock', '--scope', 'project'],
      labels: compose('ours'),
      env: { SEALANE_LOG_FORMAT: 'json' },
      binds: [`${socket}:/run/engine.sock:ro`],
      create: { User: '0' },
    });
    await says(sealane, { event: 'route-opened', service: 'web' });
    expect(await whoAnswers(9000, await sealane.address())).toBe(ours.name);
    expect(await sealane.logs()).not.toContain(theirs.name);
  });

  it('keeps the authority of names on a volume, as any user, and says where it would be lost', async () => {
    const prefix = uniqueName('label');
    const flags = ['--names', '{service}.localhost', '--names-listen', '8443'];
    await using stack = new AsyncDisposableStack();
    const authorityOf = async (user: string, volume: string): Promise<string> => {
      await using sealane = await startInside(prefix, [], flags, { user, volumes: [`${volume}:/ca`] });
      const logs = await says(sealane, { event: 'route-opened', service: '(index)' });
      expect(logs).not.toContain('authority-not-kept');
      const { output } = await sealane.exec(['node', '-p', 'require("fs").readFileSync("/ca/ca.crt", "utf8")']);
      return output;
    };
    for (const user of ['1000', '0']) {
      const volume = uniqueName('ca');
      stack.defer(async () => void (await engineClient().getVolume(volume).remove({ force: true })));
      const made = await authorityOf(user, volume);
      expect(made).toContain('BEGIN CERTIFICATE');
      expect(await authorityOf(user, volume)).toBe(made);
    }
    await using lost = await startInside(prefix, [], flags);
    // With the fix as its reader types it.
    expect(await says(lost, { event: 'authority-not-kept' })).toContain('-v sealane-ca:/ca');
  });
});
