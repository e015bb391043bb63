import { execFile } from 'node:child_process';
import { mkdir, readFile, truncate } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { askSealane } from '../support/sealane/ask.ts';
import { runSealane } from '../support/sealane/sealane.ts';
import { tempFolder } from '../support/temp-folder.ts';

const good = 'services:\n  web:\n    image: web\n    labels: { sealane.listen: "8080", sealane.port: "80" }\n';
const bad = good.replace('listen', 'lisen');

describe('sealane check', () => {
  it('exits with 0 and one line when all is well', async () => {
    await using folder = await tempFolder();
    const file = await folder.write('compose.yaml', good);
    const { code, stdout } = await askSealane(['check', file]);
    expect(stdout).toMatch(/^no problems \(1 service, 1 with labels; no service here runs Sealane.*\)\n$/);
    expect(code).toBe(0);
  });

  it('exits with 1 and prints file, line and column of a mistake, without colours in a pipe', async () => {
    await using folder = await tempFolder();
    const file = await folder.write('compose.yaml', bad);
    const { code, stdout } = await askSealane(['check', file]);
    expect(stdout).toContain(`${file}:4:15: web: unknown label "sealane.lisen" (did you mean "sealane.listen"?)`);
    expect(stdout).not.toContain('\u001b');
    expect(code).toBe(1);
  });

  it('reads variables from a named file, which must be there, and never by way of Node’s own option', async () => {
    await using folder = await tempFolder();
    const file = await folder.write('compose.yaml', good.replace('8080', '${PORT:?}'));
    const dotenv = await folder.write('ports.env', 'PORT=8080\n');
    expect((await askSealane(['check', file, '--dotenv', dotenv])).code).toBe(0);
    const missing = await askSealane(['check', file, '--dotenv', `${dotenv}x`]);
    expect(missing).toMatchObject({ code: 2, stderr: `sealane: cannot read ${dotenv}x: there is no such file\n` });
    const refused = await askSealane(['check', file, '--env-file', dotenv]);
    expect(refused.stderr).toMatch(/^sealane: Node itself reads the file of --env-file.*write --dotenv FILE\n$/);
    expect(refused.code).toBe(2);
  });

  it('reads no .env for a stack, unless it is named, and standard input once', async () => {
    await using folder = await tempFolder();
    const file = await folder.write('stack.yaml', `${good.replace('8080', '${PORT:?}')}    deploy: { mode: global }\n`);
    const dotenv = await folder.write('.env', 'PORT=8080\n');
    const { code, stdout } = await askSealane(['check', file]);
    expect(stdout).toContain('nothing sets PORT');
    expect(code).toBe(1);
    expect((await askSealane(['check', file, '--as', 'compose'])).code).toBe(0);
    expect((await askSealane(['check', file, '--dotenv', dotenv])).code).toBe(0);
    const input = (await readFile(file, 'utf8')).replace('${PORT:?}', '8080');
    const { stdout: fromInput } = await runSealane(['check', '-'], {}, { input });
    expect(fromInput).toMatch(/^no problems .*read as a stack's, since web has deploy\.mode\)\n$/);
  });

  it('exits with 0 for a file with warnings only, and with 1 for one without services', async () => {
    await using folder = await tempFolder();
    const warned = await askSealane(['check', await folder.write('a.yaml', `${good}    environment: ["PRICE=5$"]\n`)]);
    expect(warned.stdout).toMatch(/: warning: a dollar sign .*\[dollar\][^]*\nno problems, 1 warning \(/);
    expect(warned.code).toBe(0);
    const empty = await askSealane(['check', await folder.write('b.yaml', 'volumes: {}\n')]);
    expect(empty.stdout).toContain('[no-services]');
    expect(empty.code).toBe(1);
  });

  it.each([
    ['services: [', /compose\.yaml:1:\d+: /],
    ['services:\n  web: 1\n', /compose\.yaml:2:3: service "web" must be a mapping/],
    ['a: ${', /compose\.yaml:1:4: malformed variable in "\$\{"/],
    ['services: { web: { extends: { service: web } } }', /compose\.yaml:1:\d+: service "web" extends itself/],
    ['include: [compose.yaml]\nservices: {}', /compose\.yaml:1:\d+: files include one another in a circle/],
    ['services: { web: { ports: ["80:x"] } }', /compose\.yaml:1:\d+: "80:x" is no port mapping/],
    ['x: &x { y: *x }', /compose\.yaml:1:\d+: an anchor contains itself/],
    ['', /compose\.yaml:1:1: the file is empty/],
    ['include: [other.yaml]', /cannot read .*other\.yaml: there is no such file/],
  ])('exits with 2 and one line when %j cannot be used', async (text, message) => {
    await using folder = await tempFolder();
    const { code, stdout, stderr } = await askSealane(['check', await folder.write('compose.yaml', text)]);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^sealane: .*\n$/);
    expect(code).toBe(2);
  });

  it('rejects a path that is no regular file, and an endless file, in one line', async () => {
    await using folder = await tempFolder();
    const pipe = `${folder.path}/pipe`;
    await promisify(execFile)('mkfifo', [pipe]);
    const endless = await folder.write('endless.yaml', '');
    await truncate(endless, 2 ** 32);
    for (const [path, why] of [
      [pipe, /is no file; what comes from a pipe is read from standard input, as -/],
      ['/dev/zero', /is no file/],
      [folder.path, /is a directory; name the file itself/],
      [endless, /is larger than any compose file/],
    ] as const) {
      const { code, stderr } = await askSealane(['check', path]);
      expect(stderr).toMatch(why);
      expect(stderr).toMatch(/^sealane: .*\n$/);
      expect(code).toBe(2);
    }
  });

  it('annotates the location of an error in an unusable file, too', async () => {
    await using folder = await tempFolder();
    const file = await folder.write('compose.yaml', 'services: [');
    const { code, stdout } = await askSealane(['check', '--format', 'github', file]);
    expect(stdout).toMatch(/^::error file=.*compose\.yaml,line=1,col=\d+,title=compose-invalid::/);
    expect(code).toBe(2);
  });

  it('annotates by the path from the top of the repository, also where it runs in another folder', async () => {
    await using folder = await tempFolder();
    await mkdir(`${folder.path}/shop`);
    const file = await folder.write('shop/compose.yaml', bad);
    const format = ['check', '--format', 'github', file];
    const { stdout } = await askSealane(format, { GITHUB_WORKSPACE: folder.path });
    expect(stdout).toMatch(/^::error file=shop\/compose\.yaml,line=4,col=15,title=label-unknown::web: unknown label/);
    const elsewhere = await askSealane(format, { GITHUB_WORKSPACE: '/nowhere' });
    expect(elsewhere.stdout).toContain(`::error file=${file},line=4`);
  });

  it.each([
    [['check', '/nowhere/compose.yaml'], /cannot read \/nowhere\/compose\.yaml: there is no such file/],
    [['check', '--as', 'swarm'], /--as must be compose or stack, not "swarm"/],
    [['check', '--format', 'xml'], /--format must be text, json or github, not "xml"/],
  ])('%j is answered in one line', async (args, message) => {
    const { code, stderr } = await askSealane(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
