import { appendFile, chmod, readFile, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { askSealane } from '../support/sealane/ask.ts';
import { sealaneCommand } from '../support/sealane/sealane.ts';
import { openTerminal } from '../support/sealane/terminal.ts';
import { tempFolder } from '../support/temp-folder.ts';

const file =
  'services:\n  web: # the shop\n    image: web\n    labels: { sealane.listen: "8081", sealane.port: "80" }\n';

describe('sealane init', () => {
  it('only shows the change where there is no terminal to ask on', async () => {
    await using folder = await tempFolder();
    const path = await folder.write('compose.yaml', file);
    const { code, stdout } = await askSealane(['init', path]);
    expect(stdout).toMatch(/^--- .*\n\+\+\+ .*\n@@ -1,4 \+1,\d+ @@\n services:\n\+ {2}sealane:\n/);
    expect(stdout).toMatch(/Nothing was written\. `sealane init --yes` writes it\.\n$/);
    expect(stdout).not.toContain('\u001b');
    expect(code).toBe(0);
    expect(await readFile(path, 'utf8')).toBe(file);
  });

  it('writes with --yes what sealane check approves, once, and keeps the mode of the file', async () => {
    await using folder = await tempFolder();
    const path = await folder.write('compose.yaml', file);
    await chmod(path, 0o640);
    expect((await askSealane(['init', path, '--yes'])).code).toBe(0);
    const written = await readFile(path, 'utf8');
    expect(written).toContain("ports: ['127.0.0.1:8081:8081']");
    expect(written.endsWith(file.slice('services:\n'.length))).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await askSealane(['check', path])).stdout).toMatch(
      /^no problems \(2 services, 1 with labels; through sealane\)/,
    );
    const again = await askSealane(['init', path, '--yes']);
    expect(again.stdout).toMatch(/has Sealane already: service sealane\n$/);
    expect(again.code).toBe(0);
    expect(await readFile(path, 'utf8')).toBe(written);
  });

  it('leaves a file alone that is not in UTF-8, since it could not write it as it was', async () => {
    await using folder = await tempFolder();
    const path = await folder.write('compose.yaml', file);
    await appendFile(path, Buffer.from('# caf\u00e9\n', 'latin1'));
    const before = await readFile(path);
    const { code, stderr } = await askSealane(['init', path, '--yes']);
    expect(stderr).toMatch(/^sealane: .*compose\.yaml is not in UTF-8; save it so first\n$/);
    expect(code).toBe(2);
    expect(await readFile(path)).toEqual(before);
  });

  it('asks on a terminal, and takes anything but yes for no', async () => {
    await using folder = await tempFolder();
    const path = await folder.write('compose.yaml', file);
    const command = `${sealaneCommand.join(' ')} init ${path}; echo "exit $?"; exec sleep 1000`;
    for (const [answer, outcome, changed] of [
      ['', /Nothing was written\.[^]*exit 0/, false],
      ['y', /has Sealane now\.[^]*exit 0/, true],
    ] as const) {
      await using terminal = await openTerminal(command, { rows: 40 });
      await terminal.shows(/Write .*\? \[y\/N\]/);
      await terminal.press(...(answer === '' ? [] : [answer]), 'Enter');
      await terminal.shows(outcome);
      expect((await readFile(path, 'utf8')) !== file).toBe(changed);
    }
  });

  it.each([
    [['init', '/nowhere/compose.yaml'], /cannot read \/nowhere\/compose\.yaml: there is no such file/],
    [['init', '-'], /standard input is none/],
    [['init', '--scope', 'projcet'], /--scope must be all or project, not "projcet" \(did you mean "project"\?\)/],
  ])('%j is answered in one line', async (args, message) => {
    const { code, stderr } = await askSealane(args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^sealane: .*\n$/);
    expect(code).toBe(2);
  });
});
