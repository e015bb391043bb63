import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseConfigFile } from '../../../src/config/file.ts';
import { fileJsonSchema, labelsJsonSchema } from '../../../src/config/json-schema.ts';
import { optionNames, routeOptions } from '../../../src/config/options/route-options.ts';
import { settingNames } from '../../../src/config/settings.ts';
import { fileSchemaPath, labelsSchemaPath, renderJson } from '../../support/reference.ts';

const root = join(import.meta.dirname, '../../..');
const reading = (schema: unknown) => z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const file = reading(fileJsonSchema());
const labels = reading(labelsJsonSchema('sealane'));
const acceptsFile = (text: string): boolean => file.safeParse(parse(text)).success;
const acceptsLabels = (text: string): boolean =>
  labels.safeParse(parse(`services:\n  web:\n    labels: ${text}`)).success;

describe('the JSON Schema of the configuration file', () => {
  it.each([
    '{}',
    'services:\n',
    'workers: 2\nlog-level: debug\nreuse-port: true\nexplain-names: Off\nshutdown-timeout: 8s\ntls-min-version: 1.3',
    'certs: [/a, /b]\ndocker: none\nadmin: off\nadmin-names: a.localhost\nresync-interval: 0',
    'services: { db: { listen: 5432, upstreams: [a:1, { target: b:2, weight: 0 }], hold: 0, backup: yes } }',
    'services: { db: { listen: [7000, "[::1]:7000"], upstreams: ["8.8.8.8:53"], host: [a.b, c.d], tls: terminate } }',
    'services: { db: { listen: unix:/a, upstreams: [unix:/b], max-connections: "5", accept-proxy: true } }',
  ])('accepts what Sealane accepts: %s', (text) => {
    parseConfigFile(text, 'f');
    expect(acceptsFile(text)).toBe(true);
  });

  it.each([
    'wrokers: 1',
    'workers: 0',
    'log-level: loud',
    'shutdown-timeout: 8',
    'reuse-port: maybe',
    'self: [a, b]',
    'admin-socket: [/a]',
    'workers: [2]',
    'services: { db: { listen: 1, upstreams: [a:1], hold: [5s] } }',
    'services: { db: { listen: 1 } }',
    'services: { db: { listen: 1, upstreams: [a:1], hold: 10 } }',
    'services: { db: { listen: 1, upstreams: [a:1], tls: terminat } }',
    'services: { db: { listen: 1, upstreams: [a:1], port: 80 } }',
  ])('refuses mistakes, as Sealane does: %s', (text) => {
    expect(() => parseConfigFile(text, 'f')).toThrow(/^f:1:/);
    expect(acceptsFile(text)).toBe(false);
  });

  it('describes every setting, and every option that a static service has', () => {
    const printed = JSON.stringify(fileJsonSchema());
    const ofFile = optionNames.filter((name) => !routeOptions[name].containerOnly);
    for (const name of [...settingNames, ...ofFile]) expect(printed).toContain(`"${name}":{"description":`);
  });
});

describe('the JSON Schema of labels', () => {
  it.each([
    '{ sealane.listen: 8080, sealane.port: "80", traefik.enable: true }',
    '{ sealane.web.hold: 5s, sealane.web.health.interval: 2s, sealane.web.port: 80 }',
    '{ sealane.hold: "${HOLD:-5s}", sealane.tls: $TLS }',
    '[sealane.listen=8080, sealane.web.port=80, other]',
    '',
  ])('accepts what Sealane accepts: %s', (text) => expect(acceptsLabels(text)).toBe(true));

  it.each([
    '{ sealane.lisen: 8080 }',
    '{ sealane.web.prot: 80 }',
    '{ sealane.hold: 10 }',
    '{ sealane.web.tls: terminat }',
    '["sealane.host: x"]',
  ])('refuses mistakes: %s', (text) => expect(acceptsLabels(text)).toBe(false));

  it('has the prefix of the labels', () => {
    const other = reading(labelsJsonSchema('my.lane'));
    const of = (key: string) => other.safeParse({ services: { web: { labels: { [key]: '80' } } } }).success;
    expect(['my.lane.port', 'my.lane.prot', 'sealane.prot', 'myxlane.prot'].map(of)).toEqual([true, false, true, true]);
  });
});

describe('the schemas in docs/', () => {
  it('are those that sealane schema prints (npm run docs writes them)', async () => {
    expect(await readFile(join(root, fileSchemaPath), 'utf8')).toBe(renderJson(fileJsonSchema()));
    expect(await readFile(join(root, labelsSchemaPath), 'utf8')).toBe(renderJson(labelsJsonSchema('sealane')));
  });

  it('are named by the examples of configuration files, and accept these', async () => {
    const paths = await readdir(join(root, 'examples'), { recursive: true });
    const found = paths
      .filter((path) => path.endsWith('config/sealane.yaml'))
      .map((path) => join(root, 'examples', path));
    expect(found).not.toEqual([]);
    for (const path of found) {
      const text = await readFile(path, 'utf8');
      const [, schema = ''] = /^# yaml-language-server: \$schema=(.+)$/m.exec(text) ?? [];
      expect(resolve(dirname(path), schema)).toBe(join(root, fileSchemaPath));
      expect(acceptsFile(text)).toBe(true);
    }
  });

  it('accept the labels of all compose files of the examples', async () => {
    const paths = await readdir(join(root, 'examples'), { recursive: true });
    const composeFiles = paths.filter((path) => path.endsWith('docker-compose.yml'));
    expect(composeFiles).not.toEqual([]);
    for (const path of composeFiles) {
      const text = await readFile(join(root, 'examples', path), 'utf8');
      expect(labels.safeParse(parse(text, { merge: true })).success, path).toBe(true);
    }
  });
});
