import { describe, expect, it } from 'vitest';
import { addSealane, diffOf } from '../../../src/check/add-sealane.ts';
import { checkProject } from '../../../src/check/check.ts';
import { readProject, type ComposeProject } from '../../../src/compose/project.ts';
import { ConfigError } from '../../../src/config/config-error.ts';

const options = { image: 'sealane', scope: 'project', labelPrefix: 'sealane' };

async function projectOf(text: string): Promise<ComposeProject> {
  const loader = { read: async () => text, exists: async (path: string) => !path.endsWith('.env'), show: () => 'x' };
  const request = { files: ['x'], envFiles: [], profiles: [], projectName: 'p', folder: '/', environment: {} };
  return readProject(request, loader);
}

const add = async (text: string, over = {}) => addSealane(text, await projectOf(text), { ...options, ...over });

const text = `# My shop.
x-base: &base { restart: always }   # kept

services: # all of them

    # The API.
    api:
        <<: *base
        image:   "api"
        labels: { sealane.listen: '8080', "sealane.port": 3000 }
    db:
        image: postgres
        labels:
        - sealane.a.listen=5432,[::1]:7000
        - sealane.b.listen=9000-9010
volumes: {}`;

describe('adding Sealane to a compose file', () => {
  it('changes no other byte, and follows the indent of the file', async () => {
    const { text: added, lines, at } = await add(text);
    const rest = added.split('\n').toSpliced(at, lines.length).join('\n');
    expect(rest).toBe(text);
    expect(lines[0]).toBe('    sealane:');
    expect(lines[1]).toBe("        image: 'sealane'");
    expect(at).toBe(4);
  });

  it('publishes the ports that labels listen on, so that sealane check finds nothing to say', async () => {
    const { text: added } = await add(text.replace(',[::1]:7000', ''));
    expect(added).toContain("ports: ['127.0.0.1:5432:5432', '127.0.0.1:8080:8080', '127.0.0.1:9000-9010:9000-9010']");
    const project = await projectOf(added.replace('image: postgres', 'image: postgres\n        expose: [5432]'));
    const report = checkProject(project, { labelPrefix: 'sealane' });
    expect(report).toMatchObject({ sealane: ['sealane'], findings: [] });
  });

  it('joins the networks of the labelled services, and publishes 8080 where there is no label', async () => {
    const nets = 'services:\n  web:\n    networks: [front, back]\nnetworks: { front: , back: }\n';
    const { lines } = await add(nets);
    expect(lines.join('\n')).toContain("networks: ['front', 'back']");
    expect(lines.join('\n')).toContain("ports: ['127.0.0.1:8080:8080']");
    expect((await add(text)).lines.join('\n')).not.toContain('networks');
  });

  it('keeps line ends of Windows', async () => {
    const { text: added } = await add('services:\r\n  web:\r\n    image: web\r\n');
    expect(added.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('writes line ends as the line of services has them, whatever a text in the file has', async () => {
    const { text: added } = await add('services:\n  web:\n    image: web\n    command: "a\r\n      b"\n');
    expect(added.split('\r\n')).toHaveLength(2);
  });

  it('adds to a file in which a hundred and one services share what an anchor names', async () => {
    const services = Array.from({ length: 101 }, (_, index) => `  s${index}: { image: web, logging: *log }\n`);
    const { text: added } = await add(`x-log: &log { driver: local }\nservices:\n${services.join('')}`);
    expect(added).toContain("image: 'sealane'");
  });

  it('publishes the next port where another service publishes 8080', async () => {
    const { port, lines } = await add("services:\n  web:\n    image: web\n    ports: ['8080:80', '8081:81']\n");
    expect(port).toBe('8082');
    expect(lines.join('\n')).toContain("ports: ['127.0.0.1:8082:8082']");
  });

  it('writes what it is given as text of YAML', async () => {
    const { text: added } = await add(text, { image: "o'hara:5000/sealane", scope: 'all', labelPrefix: 'lane' });
    const { services } = await projectOf(added);
    expect(services[0]).toMatchObject({ name: 'sealane', image: "o'hara:5000/sealane" });
    expect(services[0]?.command.map((word) => word.text)).toEqual(['run', '--scope', 'all', '--label-prefix', 'lane']);
  });

  it.each([
    ['services: { web: { image: web } }', /over several lines, without braces/],
    ['services:\n', /over several lines/],
    ['volumes: {}', /has no `services`/],
    ['services:\n  web:\n    image: web\n---\nservices:\n  db:\n    image: db\n', /several documents/],
    ['services:\n  sealane:\n    image: other\n', /service sealane already/],
  ])('refuses a file that it can not add to, in one line: %j', async (unusable, why) => {
    await expect(add(unusable)).rejects.toThrow(ConfigError);
    await expect(add(unusable)).rejects.toThrow(why);
  });

  it('is shown as a diff that patch understands, without what a terminal would obey', async () => {
    const hostile = 'services:\n  web:\n    image: "\u001b[2J"\n';
    const addition = await add(hostile);
    const lines = diffOf(hostile, addition, 'compose.yaml');
    expect(lines.slice(0, 4)).toEqual([
      '--- compose.yaml',
      '+++ compose.yaml',
      `@@ -1,3 +1,${3 + addition.lines.length} @@`,
      ' services:',
    ]);
    expect(lines.join('')).not.toContain('\u001b');
    const short = hostile.trimEnd();
    expect(diffOf(short, await add(short), 'x').at(-1)).toBe('\\ No newline at end of file');
    expect(lines.filter((line) => line.startsWith('+')).length).toBe(addition.lines.length + 1);
  });
});
