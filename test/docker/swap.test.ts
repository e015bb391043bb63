import { describe, expect, it } from 'vitest';
import { composeProject } from '../support/engine/compose.ts';
import { uniqueName } from '../support/engine/containers.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { askSealane } from '../support/sealane/ask.ts';
import { runSealane, startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { startRequestLoad, whoIs } from '../support/swap/request-load.ts';
import { endOrphan, namedWhoami, startSwap } from '../support/swap/swap-command.ts';

/**
 * A process on this machine in the place of a container, with the Sealane of the example in a container, and with one on
 * the host.
 */
describe('the example of a swap, with Sealane in a container', () => {
  it('reaches a process on the host, fails no connection, and says what must be bound where', async () => {
    await using project = composeProject('examples/swap');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8080);
    const admin = [
      '--admin',
      `127.0.0.1:${await project.port('sealane', 8470)}`,
      '--admin-token',
      'example-token-change-me',
    ];
    await eventually(
      () => whoIs(port),
      (name) => name === 'the container',
      30_000,
    );
    {
      await using load = startRequestLoad(port, { perSecond: 100 });
      for (let round = 0; round < 2; round++) {
        await using command = startSwap(...admin, 'api', '--drain', '--', ...namedWhoami('mine'));
        await load.more('mine', 20).catch((error: Error) => {
          throw new Error(`${error.message}\n${command.lines.join('\n')}`);
        });
        expect(await command.end('SIGTERM')).toBe(0);
        await load.more('the container', 20);
      }
      await using killed = startSwap(...admin, 'api', '--', ...namedWhoami('killed'));
      await load.more('killed', 20);
      await killed.end('SIGKILL');
      await load.more('killed', 20);
      await load.more('the container', 20);
      // The load ends first: the process may still be answering, and what dies with it is no fault of the swap.
      expect((await load.stop('the container', 'mine', 'killed')).failed).toEqual({});
      await endOrphan(killed);
    }
    const server = "require('http').createServer().listen(process.env.PORT, '127.0.0.1')";
    const script = `echo "env $WHOAMI_NAME, $HOME"; exec ${process.execPath} -e "${server}"`;
    const docker = ['--docker', process.env['DOCKER_HOST'] ?? ''];
    await using local = startSwap(...admin, ...docker, 'api', '--env', '--', 'sh', '-c', script);
    expect(await local.line(/^env /)).toBe(`env the container, ${process.env['HOME']}`);
    expect(await local.line(/swapped, but/)).toMatch(
      /own upstreams serve\. Sealane runs in a container and reaches the machine as [\d.]+:\d+: let the process listen on 0\.0\.0\.0/,
    );
    expect(await whoIs(port)).toBe('the container');
    expect(await local.end('SIGTERM')).toBe(143);
    // That is the published port of Sealane itself.
    const { stderr } = await runSealane(['swap', 'api', ...admin, `localhost:${port}`]);
    expect(stderr).toMatch(/is where Sealane serves \S+\/api .* without end; name/);
  });
});

describe('Sealane on the host', () => {
  it('lets a stand-in serve while the containers are gone, and holds clients when it is strict', async () => {
    const prefix = uniqueName('label');
    const listen = await freePort();
    const service = uniqueName('shop');
    const adminAddress = `127.0.0.1:${await freePort()}`;
    const admin = ['--admin', adminAddress];
    const labels = { [`${prefix}.listen`]: String(listen), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: service };
    await using sealane = startSealane('--label-prefix', prefix, '--bind', '127.0.0.1', ...admin);
    const secret = 'tr0ub4dor-and-3';
    const create = { Env: [`SECRET=${secret}`, 'PATH=/usr/bin:/bin', 'LD_PRELOAD=none'] };
    const replica = await startReplica({ labels, create });
    await sealane.line({ event: 'route-opened', service });
    expect(await whoAnswers(listen, '127.0.0.1')).toBe(replica.name);
    {
      const docker = ['--docker', process.env['DOCKER_HOST'] ?? ''];
      const [shell = '', c = '', script = ''] = namedWhoami('mine');
      const seen = `echo "\${#SECRET} letters, \${LD_PRELOAD:-no} preload, $([ "$PATH" = /usr/bin:/bin ] || echo own) path"`;
      const args = [...docker, service, '--strict', '--env', '--', shell, c, `${seen}; ${script}`];
      await using command = startSwap(...admin, ...args);
      expect(await command.line(/letters/)).toBe(`${secret.length} letters, no preload, own path`);
      await command.line(/is swapped: all new sessions/);
      await replica[Symbol.asyncDispose]();
      await sealane.line({ event: 'service-lingers', service });
      expect(await whoIs(listen)).toBe('mine');
      const { stdout } = await askSealane(['why', service, ...admin]);
      expect(stdout).toMatch(/is reachable: .* is swapped: /);
      const { stdout: json } = await askSealane(['status', '--json', ...admin]);
      expect(`${json} ${JSON.stringify(sealane.lines)} ${command.lines.join(' ')}`).not.toContain(secret);
      await command.end('SIGTERM');
    }
    const held = whoAnswers(listen, '127.0.0.1');
    await using next = await startReplica({ labels });
    expect(await held).toBe(next.name);
  });
});
