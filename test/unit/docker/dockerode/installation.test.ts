import { describe, expect, test } from 'vitest';
import { InstallationReader, type AskInstallation } from '../../../../src/docker/dockerode/installation.ts';
import { EngineError } from '../../../../src/docker/engine.ts';
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
const debian = { OperatingSystem: 'debian', KernelVersion: '6.1.0' };
const rootlessPodmanInfo = { ...debian, SecurityOptions: ['name=seccomp,profile=default'], Rootless: true };
const rootfulPodmanInfo = { ...rootlessPodmanInfo, Rootless: false };
const dockerVersion = {
  Platform: { Name: 'Docker Engine - Community' },
  Components: [{ Name: 'Engine' }, { Name: 'containerd' }, { Name: 'runc' }, { Name: 'docker-init' }],
  KernelVersion: '6.1.0',
};
const recentRootlessVersion = {
  ...dockerVersion,
  Components: [...dockerVersion.Components, { Name: 'rootlesskit', Version: '2.3.4' }, { Name: 'slirp4netns' }],
};
const rootlessDockerInfo = {
  ...debian,
  SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns'],
};
const dockerInfo = { ...debian, SecurityOptions: ['name=apparmor', 'name=seccomp,profile=default'] };

/** What the engine answers to each call; where nothing is given, the call is forbidden. */
type Answers = Partial<Record<'version' | 'info', unknown>>;

function answering(answers: Answers, asked: string[] = []) {
  const forbidden = new EngineError('refused', 'forbidden', { forbidden: true });
  const ask: AskInstallation = async (name) => {
    asked.push(name);
    const answer = name in answers ? answers[name] : forbidden;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return new InstallationReader(ask);
}

const late = new EngineError('timeout', 'no answer');

describe('the kind of an installation', () => {
  test.each([
    ['rootless Podman', { version: podmanVersion, info: rootlessPodmanInfo }, true],
    ['Podman', { version: podmanVersion, info: rootfulPodmanInfo }, false],
    ['rootless Docker', { version: recentRootlessVersion, info: rootlessDockerInfo }, true],
    ['rootless Docker 20.10, whose version does not tell', { version: dockerVersion, info: rootlessDockerInfo }, true],
    ['Docker', { version: dockerVersion, info: dockerInfo }, false],
    ['rootless Docker behind a proxy that forbids /info', { version: recentRootlessVersion }, true],
    ['Podman behind a proxy that forbids /info', { version: podmanVersion }, false],
    [
      'rootless Podman with a field of nonsense',
      { info: { ...rootlessPodmanInfo, KernelVersion: 6, OperatingSystem: [] } },
      true,
    ],
    [
      'rootless Docker with an option of nonsense',
      { info: { ...rootlessDockerInfo, Rootless: 'no', SecurityOptions: [7, 'name=rootless'] } },
      true,
    ],
    [
      'recent rootless Docker with a component of nonsense',
      { version: { ...recentRootlessVersion, Platform: 'x', Components: [null, { Name: 'rootlesskit' }] } },
      true,
    ],
    ['what answers nonsense', { version: { KernelVersion: '6.1.0', Components: 7 }, info: [] }, false],
  ])('of %s is told by its answers', async (_, answers, rootless) => {
    expect((await answering(answers).read()).rootless).toBe(rootless);
  });

  test.each([
    ['Podman', { info: rootlessPodmanInfo }, { platform: 'debian', rootless: true, kernel: '6.1.0' }],
    ['Docker Desktop', { info: { ...dockerInfo, OperatingSystem: 'Docker Desktop' } }, { platform: 'Docker Desktop' }],
  ])('of %s takes one call, which may take a second', async (_, answers, expected) => {
    const asked: string[] = [];
    expect(await answering(answers, asked).read()).toMatchObject(expected);
    expect(asked).toEqual(['info']);
  });

  test('has the kernel, by which a virtual machine is recognized, also where only /version tells it', async () => {
    const { KernelVersion: _, ...info } = rootlessPodmanInfo;
    const installation = await answering({ version: podmanVersion, info }).read();
    expect(installation).toEqual({ platform: 'linux/amd64/debian-12', rootless: true, kernel: '6.1.0' });
  });

  test('is taken for an ordinary one where both calls are forbidden', async () => {
    expect(await answering({}).read()).toEqual({ platform: '', rootless: false });
  });

  test.each([
    ['/info', { version: podmanVersion, info: late }, 'linux/amd64/debian-12'],
    ['/version, and /info is forbidden,', { version: late }, ''],
  ])('stays open while %s gets no answer, and counts as unknown at the third time', async (_, answers, platform) => {
    const reader = answering(answers);
    await expect(reader.read()).rejects.toThrow('no answer');
    await expect(reader.read()).rejects.toThrow('no answer');
    expect(await reader.read()).toMatchObject({ platform, rootless: false, unanswered: 'no answer' });
  });

  test('is known once a busy engine has answered, and stays so whatever fails later', async () => {
    const answers: Answers = { version: podmanVersion, info: late };
    const reader = answering(answers);
    await expect(reader.read()).rejects.toThrow('no answer');
    answers.info = rootlessPodmanInfo;
    expect(await reader.read()).toMatchObject({ rootless: true });
    answers.info = late;
    for (let time = 0; time < 4; time += 1) await expect(reader.read()).rejects.toThrow('no answer');
  });

  test('is not read by a call that is aborted, however often', async () => {
    const reader = answering({ version: late, info: late });
    const aborted = AbortSignal.abort(new Error('stopped'));
    for (let time = 0; time < 4; time += 1) await expect(reader.read(aborted)).rejects.toThrow('stopped');
    await expect(reader.read()).rejects.toThrow('no answer');
  });

  test('stays open while the engine is too slow to answer /info', async () => {
    await using fake = await startFakeEngine();
    fake.answer('/info', { kind: 'hang' });
    const engine = createDockerodeEngine(fake.url, { deadlineMs: 50 });
    await expect(engine.installation?.()).rejects.toThrow('no answer to GET /info');
  });

  test('is read from the engine', async () => {
    await using fake = await startFakeEngine();
    const answer = (path: string, json: unknown): void =>
      fake.answer(path, { kind: 'text', status: 200, type: 'application/json', body: JSON.stringify(json) });
    answer('/version', podmanVersion);
    answer('/info', { ...rootlessPodmanInfo, Containers: 3, Name: 'vm' });
    const installation = await createDockerodeEngine(fake.url).installation?.();
    expect(installation).toEqual({ platform: 'debian', rootless: true, kernel: '6.1.0' });
  });
});
