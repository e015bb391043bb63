import { describe, expect, test } from 'vitest';
import { readInstallation, type AskInstallation } from '../../../../src/docker/dockerode/installation.ts';
import { createDockerodeEngine } from '../../../../src/docker/dockerode/dockerode-engine.ts';
import { startFakeEngine } from '../../../support/fake-engine/fake-engine.ts';

/** What engines answer: of Podman 4.3.1 as recorded, of Docker as moby's daemon/info_unix.go writes it. */
const podmanVersion = {
  Platform: { Name: 'linux/amd64/debian-12' },
  Components: [
    { Name: 'Podman Engine', Version: '4.3.1', Details: { APIVersion: '4.3.1', KernelVersion: '6.1.0' } },
    { Name: 'Conmon', Version: 'conmon version 2.1.6, commit: unknown' },
    { Name: 'OCI Runtime (runc)', Version: 'runc version 1.1.5+ds1' },
  ],
  KernelVersion: '6.1.0',
};
const rootlessPodmanInfo = { SecurityOptions: ['name=seccomp,profile=default'], Rootless: true };
const rootfulPodmanInfo = { SecurityOptions: ['name=seccomp,profile=default'], Rootless: false };
const dockerVersion = {
  Platform: { Name: 'Docker Engine - Community' },
  Components: [{ Name: 'Engine' }, { Name: 'containerd' }, { Name: 'runc' }, { Name: 'docker-init' }],
  KernelVersion: '6.1.0',
};
const recentRootlessVersion = {
  ...dockerVersion,
  Components: [...dockerVersion.Components, { Name: 'rootlesskit', Version: '2.3.4' }, { Name: 'slirp4netns' }],
};
const rootlessDockerInfo = { SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns'] };
const dockerInfo = { SecurityOptions: ['name=apparmor', 'name=seccomp,profile=default'] };

function answering(answers: Readonly<Partial<Record<'version' | 'info', unknown>>>, asked: string[] = []) {
  const ask: AskInstallation = (name) => {
    asked.push(name);
    return name in answers ? Promise.resolve(answers[name]) : Promise.reject(new Error(`${name} is forbidden`));
  };
  return ask;
}

describe('the kind of an installation', () => {
  test.each([
    ['rootless Podman', { version: podmanVersion, info: rootlessPodmanInfo }, true],
    ['Podman', { version: podmanVersion, info: rootfulPodmanInfo }, false],
    ['rootless Docker', { version: recentRootlessVersion, info: rootlessDockerInfo }, true],
    ['rootless Docker 20.10, whose version does not tell', { version: dockerVersion, info: rootlessDockerInfo }, true],
    ['Docker', { version: dockerVersion, info: dockerInfo }, false],
    ['Podman behind a proxy that forbids /info', { version: podmanVersion }, false],
    ['what answers nonsense', { version: { KernelVersion: '6.1.0', Components: 7 }, info: [] }, false],
  ])('of %s is told by its answers', async (_, answers, rootless) => {
    expect((await readInstallation(answering(answers))).rootless).toBe(rootless);
  });

  test('of a rootless Docker whose /version closes the connection is told by /info', async () => {
    expect(await readInstallation(answering({ info: rootlessDockerInfo }))).toEqual({ platform: '', rootless: true });
  });

  test('is known without /info where /version says that it is rootless', async () => {
    const asked: string[] = [];
    await readInstallation(answering({ version: recentRootlessVersion }, asked));
    expect(asked).toEqual(['version']);
  });

  test('has the kernel, by which a virtual machine is recognized', async () => {
    const installation = await readInstallation(answering({ version: podmanVersion, info: rootlessPodmanInfo }));
    expect(installation).toEqual({ platform: 'linux/amd64/debian-12', rootless: true, kernel: '6.1.0' });
  });

  test('is unknown where both calls are forbidden', async () => {
    await expect(readInstallation(answering({}))).rejects.toThrow('version is forbidden');
  });

  test('is read from the engine', async () => {
    await using fake = await startFakeEngine();
    const answer = (path: string, json: unknown): void =>
      fake.answer(path, { kind: 'text', status: 200, type: 'application/json', body: JSON.stringify(json) });
    answer('/version', podmanVersion);
    answer('/info', { ...rootlessPodmanInfo, Containers: 3, Name: 'vm' });
    const installation = await createDockerodeEngine(fake.url).installation?.();
    expect(installation).toEqual({ platform: 'linux/amd64/debian-12', rootless: true, kernel: '6.1.0' });
  });
});
