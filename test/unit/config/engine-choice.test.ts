import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../../src/config/file.ts';
import { loadConfig } from '../../../src/config/load.ts';

const local = { kind: 'url', name: undefined, url: 'unix:///run/a.sock' };
const far = { kind: 'url', name: 'far', url: 'ssh://me@far:2222' };
const colima = { kind: 'context', name: undefined, context: 'colima' };

async function ofFlag(text: string) {
  return (await loadConfig({ docker: text }, {})).settings.docker;
}

describe('the setting docker', () => {
  it.each([
    ['none', 'none'],
    ['unix:///run/a.sock', [local]],
    ['unix:///run/a=b.sock', [{ ...local, url: 'unix:///run/a=b.sock' }]],
    ['far=ssh://me@far:2222', [far]],
    ['colima', [colima]],
    ['c=colima', [{ ...colima, name: 'c' }]],
    ['a.B_1-x=tcp://[::1]:2375', [{ kind: 'url', name: 'a.B_1-x', url: 'tcp://[::1]:2375' }]],
    ['unix:///run/a.sock,far=ssh://me@far:2222', [local, far]],
    [' unix:///run/a.sock ,\n far=ssh://me@far:2222 colima ', [local, far, colima]],
  ])('reads %j', async (text, choices) => {
    expect(await ofFlag(text)).toEqual(choices);
    const { settings } = await loadConfig({}, { SEALANE_DOCKER: text });
    expect(settings.docker).toEqual(choices);
  });

  it('is a list in the file, too', () => {
    const { settings } = parseConfigFile('docker: [unix:///run/a.sock, far=ssh://me@far:2222]', 'f');
    expect(settings.docker).toEqual([local, far]);
    expect(parseConfigFile('docker:\n  - none', 'f').settings.docker).toBe('none');
  });

  it.each([
    ['/run/a.sock', 'did you mean "unix:///run/a.sock"?'],
    ['unix:/run/a.sock', 'did you mean "unix:///run/a.sock"?'],
    ['a=/run/a.sock', 'did you mean "a=unix:///run/a.sock"?'],
    ['colima,/run/a.sock', 'did you mean "colima,unix:///run/a.sock"?'],
    ['unix:///run/a,/run', 'did you mean "unix:///run/a,unix:///run"?'],
    ['/b$&b', 'did you mean "unix:///b$&b"?'],
    ['engine:2375', 'did you mean "tcp://engine:2375"?'],
    ['me@engine', 'did you mean "ssh://me@engine"?'],
    ['ftp://engine', 'must be unix:///path, tcp://host:port, ssh://user@host, the name of a Docker context, or none'],
    ['unix://', 'must be unix:///path'],
    [',', 'must be unix:///path'],
    [
      'unix:///run/a,b/c.sock',
      '(a socket with a comma or a space in its path is given by DOCKER_HOST or a Docker context)',
    ],
    ['a=unix:///run/a b/c.sock', '(a socket with a comma or a space in its path is given by DOCKER_HOST'],
    ['../colima', 'must be unix:///path'],
    ['none,colima', 'must be engines, or none alone'],
    ['a=none', 'must be engines, or none alone'],
    ['=colima', 'must give names of 1-32 letters'],
    ['-a=colima', 'must give names of 1-32 letters'],
    [`${'a'.repeat(33)}=colima`, 'must give names of 1-32 letters'],
    ['a\u001b[2J=colima', 'must give names of 1-32 letters'],
  ])('refuses %j with what was meant', async (text, answer) => {
    await expect(ofFlag(text)).rejects.toThrow(answer);
  });
});
