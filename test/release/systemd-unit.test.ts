import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canBootSystemd, inBootedSystemd } from '../support/release/booted-systemd.ts';

const root = join(import.meta.dirname, '../..');

/** Prints a line `name: value` for each thing that the test looks at. */
const script = `
ip link set lo up
# This trial has no engine.
systemctl --quiet mask docker.service docker.socket
(cd /opt/sealane && /opt/sealane/node -e "
  require('http').createServer((_, answer) => answer.end('hello')).listen(9000, '127.0.0.1')") &
say() { echo "$1: $2"; }
pid() { systemctl show --property MainPID --value sealane; }
say start "$(systemctl start sealane; systemctl is-active sealane)"
say low-port "$(curl --silent --show-error --max-time 5 127.0.0.1:80)"
say unix-socket "$(curl --silent --show-error --max-time 5 --unix-socket /run/sealane/web.sock http://web/)"
say ready "$(head -1 /run/sealane/ready | cut -d' ' -f1)"
say health "$(/usr/local/bin/sealane health --admin-socket /run/sealane/admin.sock)"
say capabilities "$(sed -n 's/^CapEff:.*0*\\(400\\)$/\\1/p' /proc/$(pid)/status)"
say driver "$(journalctl --unit sealane --output cat | grep -o '"driver":"[a-z]*"')"
sed -i 's/listen: 80$/listen: 81/' /etc/sealane/sealane.yaml
systemctl reload sealane
say reloaded "$(curl --silent --show-error --max-time 9 --retry 50 --retry-delay 0 --retry-all-errors 127.0.0.1:81)"
kill -KILL "$(pid)"
say restarted "$(curl --silent --show-error --max-time 9 --retry 50 --retry-delay 0 --retry-all-errors 127.0.0.1:81)"
say exposure "$(systemd-analyze security --no-pager sealane | sed -n 's/.*: \\([0-9.]*\\) OK.*/\\1/p')"
say stop "$(systemctl stop sealane; systemctl show --property Result --value sealane)"
say left "$(ls /run/sealane 2>/dev/null)"
echo 'hold: never' > /etc/sealane/sealane.yaml
say unusable "$(systemctl start sealane 2>/dev/null; systemctl is-active sealane) $(systemctl show --property NRestarts --value sealane)"
`;

describe.skipIf(!(await canBootSystemd()))('the unit under a real systemd', () => {
  it('serves ports and sockets with one capability, reloads, comes back after a crash, and leaves nothing', async () => {
    const output = await inBootedSystemd({
      files: {
        '/etc/systemd/system/sealane.service': { from: join(root, 'docs/sealane.service') },
        '/usr/local/bin/sealane': { from: join(root, 'test/support/release/run-sealane.sh') },
        '/opt/sealane/node': { from: await realpath(join(root, 'node_modules/.bin/node')) },
        '/opt/sealane/dist': { from: join(root, 'dist') },
        '/opt/sealane/package.json': { from: join(root, 'package.json') },
        // The group of the engine's socket is there where Docker is.
        '/etc/sysusers.d/docker.conf': 'g docker -\n',
        '/etc/sealane/environment': 'SEALANE_CONFIG=/etc/sealane/sealane.yaml\n',
        '/etc/sealane/sealane.yaml':
          'docker: none\nlog-format: json\nservices:\n' +
          '  web:\n    listen: 80\n    upstreams: [127.0.0.1:9000]\n' +
          '  socket:\n    listen: unix:/run/sealane/web.sock\n    upstreams: [127.0.0.1:9000]\n',
      },
      script,
      timeoutMs: 100_000,
    });
    const said = Object.fromEntries([...output.matchAll(/^([\w-]+): (.*)$/gm)].map(([, name, value]) => [name, value]));
    expect(said).toMatchObject({
      start: 'active',
      'low-port': 'hello',
      'unix-socket': 'hello',
      ready: 'ready',
      health: expect.stringMatching(/^ready: /),
      capabilities: '400',
      driver: '"driver":"splice"',
      reloaded: 'hello',
      restarted: 'hello',
      stop: 'success',
      left: '',
      unusable: 'failed 0',
    });
    expect(Number(said['exposure']), output).toBeLessThan(2);
  });
});
