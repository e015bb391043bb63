import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDockerodeEngine } from '../../../../src/docker/dockerode/dockerode-engine.ts';
import { eventually } from '../../../support/engine/replica.ts';
import { startFakeEngine } from '../../../support/fake-engine/fake-engine.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** An ssh that connects to the engine's socket, and logs its arguments and its end. */
async function fakeSsh(folder: string, engineUrl: string) {
  const script = join(folder, 'ssh.mjs');
  const log = join(folder, 'log');
  await writeFile(
    script,
    `import { connect } from 'node:net'; import { appendFileSync } from 'node:fs';
     const log = (line) => appendFileSync(${JSON.stringify(log)}, line + '\\n');
     log(process.argv.slice(2).join(' '));
     const engine = connect(${JSON.stringify(engineUrl.slice('unix://'.length))});
     engine.on('error', () => {}).on('close', () => { log('ended'); process.exit(0); });
     process.stdin.pipe(engine).pipe(process.stdout);`,
  );
  return {
    command: [process.execPath, script] as const,
    logged: async () => (await readFile(log, 'utf8')).trim().split('\n'),
  };
}

test.each([
  ['ssh://me@far:2222', / -l me -p 2222 -- far docker system dial-stdio$/],
  [
    'ssh://far/run/user/1000/docker.sock',
    / -- far docker --host=unix:\/\/\/run\/user\/1000\/docker\.sock system dial-stdio$/,
  ],
])('an engine at %s is reached as the docker command does, and the connection kept', async (url, command) => {
  await using fake = await startFakeEngine();
  await using folder = await tempFolder();
  const ssh = await fakeSsh(folder.path, fake.url);
  const engine = createDockerodeEngine(url, { ssh: ssh.command });
  expect(await engine.list()).toEqual([]);
  expect(await engine.list()).toEqual([]);
  const logged = await ssh.logged();
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatch(command);
});

test('no call waits for an ssh that has ended since the last one, as where the engine was restarted', async () => {
  await using fake = await startFakeEngine();
  await using folder = await tempFolder();
  const ssh = await fakeSsh(folder.path, fake.url);
  const engine = createDockerodeEngine('ssh://far', { ssh: ssh.command, deadlineMs: 600_000, pingDeadlineMs: 600_000 });
  await Promise.all([engine.list(), engine.list(), engine.list()]);
  const connections = (await ssh.logged()).length;
  await fake.down();
  await eventually(ssh.logged, (lines) => lines.filter((line) => line === 'ended').length === connections);
  await fake.up();
  const isAnswered = (): Promise<boolean> =>
    engine.list().then(
      () => true,
      () => false,
    );
  expect(await eventually(isAnswered, Boolean)).toBe(true);
});
