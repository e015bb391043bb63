import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sshHostOf } from '../../../../src/docker/identity/ssh-host.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const far = { kind: 'ssh', host: 'far', port: 2222, user: 'me' } as const;

/** An ssh that prints `said` if it is asked for the host as ssh(1) wants it. */
async function fakeSsh(folder: string, said: string): Promise<readonly [string, string]> {
  const script = join(folder, 'ssh.mjs');
  const wanted = JSON.stringify(['-G', '-l', 'me', '-p', '2222', '--', 'far']);
  await writeFile(
    script,
    `if (JSON.stringify(process.argv.slice(2)) === ${JSON.stringify(wanted)}) process.stdout.write(${JSON.stringify(said)});`,
  );
  return [process.execPath, script];
}

describe('the host of an engine over ssh', () => {
  test.each([
    ['a name', 'user me\nhostname docker-1.example\nport 2222\n', 'docker-1.example'],
    ['an address', 'hostname 192.0.2.7\n', '192.0.2.7'],
    ['an IPv6 address', 'hostname fd00::7\n', 'fd00::7'],
    ['nothing', '', undefined],
    ['what is no host', 'hostname -oProxyCommand=x\n', undefined],
  ])('is %s, as ssh resolves its alias', async (_, said, host) => {
    await using folder = await tempFolder();
    expect(await sshHostOf(far, await fakeSsh(folder.path, said))).toBe(host);
  });

  test('is unknown where there is no ssh command', async () => {
    expect(await sshHostOf(far, ['/nonexistent/ssh'])).toBeUndefined();
  });
});
