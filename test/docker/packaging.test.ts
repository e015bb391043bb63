import { describe, expect, inject, it, vi } from 'vitest';
import { stat } from 'node:fs/promises';
import { logLines } from '../support/sealane/sealane.ts';
import { startContainer, engineClient, uniqueName, type TestContainer } from '../support/engine/containers.ts';

/**
 * The image of the project's Dockerfile, run as the comments there recommend.
 */
const socket = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');
const hardened = { ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'] };
const watched = [`${socket}:/var/run/docker.sock:ro`];

async function state(container: TestContainer): Promise<{ readonly running: boolean; readonly health?: string }> {
  const { State } = await container.inspect();
  return { running: State.Running, ...(State.Health === undefined ? {} : { health: State.Health.Status }) };
}

describe('the image', () => {
  it('runs Sealane as an unprivileged user, and exposes no ports', async () => {
    const { Config } = await engineClient().getImage(inject('images').sealane).inspect();
    expect(Config.User).toBe('1000:1000');
    expect(Config.Entrypoint).toEqual(['node', '/app/dist/main.js']);
    expect(Config.ExposedPorts ?? {}).toEqual({});
    expect(Config.Labels).toMatchObject({ 'org.opencontainers.image.title': 'Sealane' });
  });

  it('has the licenses of Sealane and of the packages in it', async () => {
    await using shell = await startContainer({
      image: inject('images').sealane,
      entrypoint: ['sleep', '600'],
      host: hardened,
    });
    const paths = [
      '/app/LICENSE',
      '/usr/local/LICENSE',
      '/app/dist/THIRD-PARTY-NOTICES.txt',
      '/app/dist/sbom.cdx.json',
    ];
    const read = `JSON.stringify(process.argv.slice(1).map((path) => fs.readFileSync(path, 'utf8')))`;
    const { output } = await shell.exec(['node', '-p', read, ...paths]);
    const [own, node, notices, sbom = ''] = JSON.parse(output) as readonly string[];
    expect(own).toContain('MIT License');
    expect(node).toContain('Copyright Node.js contributors');
    expect(notices).toMatch(/^dockerode [\d.]+ \(Apache-2\.0\)/m);
    expect(notices).toMatch(/^preact [\d.]+ \(MIT\)/m);
    expect(JSON.parse(sbom)).toMatchObject({ bomFormat: 'CycloneDX' });
  });

  it('has nothing but what runs, in two layers, of which the larger stays from release to release', async () => {
    const { Size, RootFS } = await engineClient().getImage(inject('images').sealane).inspect();
    expect(Size).toBeLessThan(140_000_000);
    // WORKDIR adds an empty layer to some engines' images.
    expect(RootFS.Layers?.length).toBeLessThanOrEqual(3);
  });

  it('becomes healthy as user 1000 in the socket’s group, read-only and without capabilities', async () => {
    await using sealane = await startContainer({
      image: inject('images').sealane,
      env: { SEALANE_ADMIN: 'off' },
      binds: watched,
      host: { ...hardened, GroupAdd: [String((await stat(socket)).gid)] },
    });
    await vi.waitFor(async () => expect(await state(sealane)).toEqual({ running: true, health: 'healthy' }), {
      timeout: 60_000,
      interval: 200,
    });
    // The command is on the PATH, and needs no admin address.
    expect(await sealane.exec(['sealane', 'status'])).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/^sealane \S+ · up .* · engine connected · /),
    });
    // The log is for people unless JSON is asked for.
    const lines = (await sealane.logs()).trim().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (?:INFO |WARN |ERROR) \S/);
  });

  it('becomes healthy as root without capabilities, as the compose files run it', async () => {
    await using sealane = await startContainer({
      image: inject('images').sealane,
      binds: watched,
      create: { User: '0:0' },
      host: hardened,
    });
    await vi.waitFor(async () => expect(await state(sealane)).toEqual({ running: true, health: 'healthy' }), {
      timeout: 60_000,
      interval: 200,
    });
  });

  it('contains the dashboard, and logs the link that opens it from the host', async () => {
    await using sealane = await startContainer({
      image: inject('images').sealane,
      env: { SEALANE_LOG_FORMAT: 'json', SEALANE_ADMIN: '0.0.0.0:8470' },
      ports: [8470],
      binds: watched,
      create: { User: '0:0' },
      host: hardened,
    });
    const { url } = await vi.waitFor(
      async () => {
        const link = logLines(await sealane.logs()).find((line) => line.event === 'admin-link');
        if (!link) throw new Error('the link is not logged yet');
        return link;
      },
      { timeout: 60_000, interval: 100 },
    );
    const link = new URL(String(url));
    expect(link.port).not.toBe('8470');
    const login = await fetch(link, { redirect: 'manual' });
    const headers = { cookie: login.headers.get('set-cookie')?.split(';')[0] ?? '' };
    const page = await fetch(link.origin, { headers });
    const [, script = ''] = /src="([^"]+)"/.exec(await page.text()) ?? [];
    expect([page.status, (await fetch(`${link.origin}${script}`, { headers })).status]).toEqual([200, 200]);
  });

  it('exits with 2 and a message when it has no permission to open the socket', async () => {
    await using sealane = await startContainer({ image: inject('images').sealane, binds: watched, host: hardened });
    await vi.waitFor(
      async () => expect((await sealane.inspect()).State).toMatchObject({ Running: false, ExitCode: 2 }),
      {
        timeout: 60_000,
        interval: 100,
      },
    );
    const logs = await sealane.logs();
    expect(logs).toMatch(/no permission to open .var.run.docker.sock/);
    expect(logs).not.toMatch(/^\s+at /m);
  });

  it('stops in order, with exit code 0, well before Docker would kill it', async () => {
    await using sealane = await startContainer({
      image: inject('images').sealane,
      name: uniqueName('stop'),
      env: { SEALANE_LOG_FORMAT: 'json' },
      binds: watched,
      create: { User: '0:0' },
      host: hardened,
    });
    await vi.waitFor(async () => expect(await sealane.logs()).toContain('engine-connected'), {
      timeout: 60_000,
      interval: 100,
    });
    await sealane.stop(10);
    // Docker's kill would be 137.
    expect((await sealane.inspect()).State).toMatchObject({ Running: false, ExitCode: 0 });
  });
});
