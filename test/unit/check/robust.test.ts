import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkProject } from '../../../src/check/check.ts';
import { renderReport, type ReportFormat } from '../../../src/check/report.ts';
import { readProject } from '../../../src/compose/project.ts';
import { ConfigError } from '../../../src/config/config-error.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

/** As the file is; each file that it names is itself. */
async function check(text: string, format: ReportFormat = 'text'): Promise<string> {
  const loader = { read: async () => text, exists: async (path: string) => !path.endsWith('.env'), show: () => 'x' };
  const request = { files: ['x'], envFiles: [], profiles: [], projectName: 'p', folder: '/', environment: {} };
  try {
    const report = checkProject(await readProject(request, loader), { labelPrefix: 'sealane' });
    return renderReport(report, format, { colour: false, lineOf: ({ line }) => text.split('\n')[line - 1] });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

it('a compose file that is cut, garbled or nonsense is answered, never crashed on, and nothing in it is obeyed', async () => {
  const names = await readdir(fixtures, { recursive: true });
  const texts = await Promise.all(
    names.filter((name) => /\.ya?ml$/.test(name)).map((name) => readFile(join(fixtures, name), 'utf8')),
  );
  const shred = fc.oneof(
    fc.constantFrom('', '${', '*x', '&x ', '<<: ', '!reset', '[', '- ', ': ', '\n', 'null', '{}', '0', '\u001b[2J'),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const edits = fc.array(fc.record({ at: fc.nat(), length: fc.nat(30), put: shred }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...texts), edits, async (text, changes) => {
      let garbled = text;
      for (const { at, length, put } of changes) {
        const from = at % (garbled.length + 1);
        garbled = garbled.slice(0, from) + put + garbled.slice(from + length);
      }
      expect((await check(garbled)).replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    }),
    { numRuns: 25 },
  );
});

it.each(['text', 'json', 'github'] as const)(
  'a service whose name holds what a terminal would obey is shown with that written out, whatever is wrong with it: %s',
  async (format) => {
    // U+3347A: no character yet; its meaning is not known.
    const name = '\u001b[2J\u009b\u202e\u{3347A}\u2028';
    const wrong = {
      near: { labels: { 'selane.port': '80' } },
      misplaced: { deploy: { labels: { 'sealane.port': '80' } } },
      unknown: { labels: { 'sealane.lisen': '80', 'sealane.port': '80' } },
      network: { networks: ['nowhere'] },
      published: { labels: { 'sealane.listen': '81', 'sealane.port': '80' }, ports: ['82:80'] },
      setting: { image: 'sealane', command: ['--nonsense'], ports: ['82:82'] },
    };
    const onlyInStack = {
      mode: { network_mode: name, labels: { 'sealane.port': '80' } },
      open: { ports: ['127.0.0.1:90:90'], labels: { 'sealane.port': '80' } },
      split: {
        labels: { 'sealane.port': '80' },
        deploy: { labels: { [`sealane.${name}`]: '1', 'sealane.port': name } },
      },
      setting: { image: 'sealane', ports: ['82:82'] },
      update: { deploy: { update_config: { order: 'start-first' } } },
    };
    for (const [kind, all] of Object.entries({ wrong, onlyInStack })) {
      const services = Object.entries(all).map(([key, service]) => [key + name, service]);
      const report = await check(JSON.stringify({ services: Object.fromEntries(services) }), format);
      for (const key of Object.keys(all)) if (key !== 'update') expect(report, kind).toContain(`${key}\\u`);
      expect(report.replaceAll('\n', ''), kind).not.toMatch(/[\p{C}\u2028]/u);
    }
  },
);

it.each([
  ['a label that is a mapping in a list', 'services: { web: { labels: [a: b] } }', /x:1:29: .*; write "a=b"/],
  ['no services at all', 'services: {}', /there are no services here.* \[no-services\]/],
  [
    'a port that lacks a required variable',
    'services: { web: { ports: ["80:${PORT:?no port}"] } }',
    /x:1:28: nothing sets PORT, without which compose does not start: no port/,
  ],
  ['a service that is nothing', 'services: { web: }', /service "web" must be a mapping/],
  ['labels that are text', 'services: { web: { labels: x } }', /`labels` must be a mapping, or a list of KEY=VALUE/],
  ['a label that is a list', 'services: { web: { labels: { a: [b] } } }', /"a" must be text/],
  ['services that are a list', 'services: [web]', /`services` must be a mapping/],
  ['a file that is a list', '- a', /must be a mapping with `services`/],
  ['<< of text', 'services: { web: { <<: x } }', /<< takes a mapping/],
  ['an anchor that is not there', 'services: *x', /x/],
  [
    'two network namespaces in a circle',
    'services: { sealane: { network_mode: "service:a", use_api_socket: true }, a: { network_mode: "service:sealane" } }',
    /no problems/,
  ],
  [
    'a wide anchor tree',
    `a: &a [x,x]\n${Array.from('bcdefghijklmnopqrstuvwxyz', (name, index) => `${name}: &${name} [*${String.fromCharCode(97 + index)},*${String.fromCharCode(97 + index)}]`).join('\n')}\nservices: { web: {} }`,
    /no problems/,
  ],
])('%s', async (_what, text, answer) => {
  expect(await check(text)).toMatch(answer);
});
