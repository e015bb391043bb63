import { existsSync } from 'node:fs';
import { mkdir, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { serve } from '../support/sockets/sockets.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * Unix sockets below `--socket-folder`, in which containers may make symbolic links.
 */
async function ask(path: string): Promise<string> {
  const socket = connect(path);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe.each(['auto', 'stream'])('with --driver %s', (driver) => {
  async function start(folder: TempFolder, sockets: string, socket: string, port: number): Promise<Sealane> {
    const text = `services: { web: { listen: 'unix:${socket}', upstreams: ['127.0.0.1:${port}'] } }`;
    const config = await folder.write('sealane.yaml', text);
    return startSealane('--docker', 'none', '--config', config, '--socket-folder', sockets, '--driver', driver);
  }

  it('a link that leads out of the folder is a problem, and nothing is made behind it', async () => {
    await using folder = await tempFolder();
    await using web = await serve(({ socket }) => void socket.end('web'));
    const [sockets, elsewhere] = [join(folder.path, 'sockets'), join(folder.path, 'elsewhere')];
    await mkdir(sockets);
    await mkdir(elsewhere);
    await symlink('../elsewhere', join(sockets, 'link'));
    const path = join(sockets, 'link/web.sock');
    await using sealane = await start(folder, sockets, path, web.port);
    const problem = await sealane.line({ event: 'problem', code: 'listen-failed', subject: `unix:${path}` });
    expect(problem.msg).toContain(await realpath(elsewhere));
    expect(await readdir(elsewhere)).toEqual([]);
    await rm(join(sockets, 'link'));
    await mkdir(join(sockets, 'link'));
    await sealane.line({ event: 'problem-solved', subject: `unix:${path}` });
    expect(await ask(path)).toBe('web');
    expect(await sealane.stop()).toBe(0);
    expect(await readdir(join(sockets, 'link'))).toEqual([]);
  });

  it('the socket of a Sealane that was killed is replaced, also one with a long name', async () => {
    await using folder = await tempFolder();
    await using web = await serve(({ socket }) => void socket.end('web'));
    const path = join(folder.path, 'x'.repeat(106 - folder.path.length));
    const first = await start(folder, folder.path, path, web.port);
    await first.line({ event: 'route-opened', service: 'web' });
    // SIGKILL leaves Sealane no time to remove the socket.
    await first[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(true);
    await using second = await start(folder, folder.path, path, web.port);
    await second.line({ event: 'route-opened', service: 'web' });
    expect(await ask(path)).toBe('web');
    expect(await second.stop()).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('links to the folder and within it are followed, and the file goes where it was made', async () => {
    await using folder = await tempFolder();
    await using web = await serve(({ socket }) => void socket.end('web'));
    const [real, sockets] = [join(folder.path, 'real'), join(folder.path, 'sockets')];
    await mkdir(join(real, 'inner'), { recursive: true });
    await symlink(real, sockets);
    await symlink('inner', join(real, 'link'));
    const path = join(sockets, 'link/web.sock');
    await using sealane = await start(folder, sockets, path, web.port);
    await sealane.line({ event: 'route-opened', service: 'web', listen: `unix:${path}` });
    expect(await ask(path)).toBe('web');
    // The link leads elsewhere by the time the socket is removed.
    await rm(join(real, 'link'));
    const precious = join(folder.path, 'precious');
    await mkdir(precious);
    await folder.write('precious/web.sock', 'worth keeping');
    await symlink(precious, join(real, 'link'));
    expect(await sealane.stop()).toBe(0);
    expect([existsSync(join(real, 'inner/web.sock')), await readdir(precious)]).toEqual([false, ['web.sock']]);
  });
});
