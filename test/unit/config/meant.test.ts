import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseConfigFile } from '../../../src/config/file.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { routeOptions, type OptionName } from '../../../src/config/options/route-options.ts';
import { readLabels } from '../../../src/discovery/labels.ts';

const labelProblem = (labels: Record<string, string>) =>
  readLabels({ 'sealane.pool': 'web', ...labels }, 'sealane', { id: 'c1', name: 'web-1' }).problems[0];

/** A malformed value, and the one that was probably meant. */
const slips: readonly (readonly [OptionName, string, string])[] = [
  ['hold', '10', '10s'],
  ['hold', '10 seconds', '10s'],
  ['hold', '500 ms', '500ms'],
  ['hold', '1m30s', '90s'],
  ['drain', '10 minutes', '10m'],
  ['drain', '5MIN', '5m'],
  ['idle-timeout', '1d', '24h'],
  ['health.interval', '1.5', '1.5s'],
  ['tls', 'terminat', 'terminate'],
  ['tls', 'TERMINATE', 'terminate'],
  ['balance', 'round_robin', 'round-robin'],
  ['balance', 'raondm', 'random'],
  ['proxy-protocol', '2', 'v2'],
  ['enable', 'ture', 'true'],
  ['backup', 'flase', 'false'],
  ['accept-proxy', 'yes', 'true'],
  ['port', '3000/tcp', '3000'],
  ['listen', '8080/tcp', '8080'],
  ['listen', '*:8080', '0.0.0.0:8080'],
  ['listen', '/run/sealane/db.sock', 'unix:/run/sealane/db.sock'],
  ['listen', 'unix:///run/sealane/db.sock', 'unix:/run/sealane/db.sock'],
  ['host', 'http://api.localhost:8080/v1', 'api.localhost'],
  ['host', 'api.localhost web.localhost', 'api.localhost, web.localhost'],
  ['host', 'Host(`api.localhost`)', 'api.localhost'],
  ['sni', 'db.localhost:5432', 'db.localhost'],
  ['allow', '10.0.0.0/8 127.0.0.1', '10.0.0.0/8, 127.0.0.1'],
  ['deny', 'localhost', '127.0.0.1, ::1'],
  ['health', '/health', 'http:/health'],
  ['health', 'http://localhost:3000/ready', 'http:/ready'],
  ['health', '//status', 'http:/status'],
  ['health', 'dokcer', 'docker'],
  ['tls.alpn', 'h2 http/1.1', 'h2, http/1.1'],
  ['tls.upstream', 'https://db.localhost:5432', 'db.localhost'],
];

describe('a malformed value', () => {
  it.each(slips)('of %s, %j, is answered with the one that was meant: %s', (option, text, meant) => {
    expect(routeOptions[option].schema.safeParse(meant).success).toBe(true);
    const problem = labelProblem({ [`sealane.${option}`]: text });
    expect(problem?.message).toContain(`, not "${text}" (did you mean "${meant}"?); `);
    expect(problem?.fix).toBe(`Write sealane.${option}=${meant}.`);
  });

  it.each(slips.filter(([option]) => !routeOptions[option].containerOnly))(
    'of %s, %j, is answered in the configuration file, too, with %s',
    (option, text, meant) => {
      const listen = option === 'listen' ? '' : 'listen: 1, ';
      const file = `services: { db: { ${listen}upstreams: [a:1], ${option}: ${JSON.stringify(text)} } }`;
      expect(() => parseConfigFile(file, 'f')).toThrow(`, not "${text}" (did you mean "${meant}"?)`);
    },
  );

  it.each([
    ['8080:3000', '8080', 'port', '3000'],
    ['127.0.0.1:8080:3000/tcp', '127.0.0.1:8080', 'port', '3000'],
    ['7000-7010:9000-9010', '7000-7010', 'port', '9000'],
    ['api.localhost:8080', '8080', 'host', 'api.localhost'],
    ['http://api.localhost:8080/', '8080', 'host', 'api.localhost'],
  ])('of listen that is two options, %s, is answered with both', (text, listen, other, value) => {
    const problem = labelProblem({ 'sealane.web.listen': text });
    expect(problem?.message).toContain(`, not "${text}" (did you mean "${listen}", and ${other} "${value}"?)`);
    expect(problem?.fix).toBe(`Write sealane.web.listen=${listen} and sealane.web.${other}=${value}.`);
  });

  it('of listen that is a port mapping is answered in the file with where its second port belongs', () => {
    expect(() => parseConfigFile('services: { db: { listen: 8080:3000, upstreams: [a:1] } }', 'f')).toThrow(
      'not "8080:3000" (did you mean "8080"?); port 3000 belongs in upstreams, as in [HOST:3000]',
    );
  });

  it('of port that is two options is answered with both', () => {
    expect(labelProblem({ 'sealane.port': '8080:3000' })?.fix).toBe('Write sealane.port=3000 and sealane.listen=8080.');
  });

  it('that is close to nothing is answered with the rule, and with the default where that is in use', () => {
    expect(labelProblem({ 'sealane.balance': 'fastest' })?.fix).toBe(
      'Correct the label, or remove it for the default: least-connections.',
    );
    // Without the label, all clients could connect.
    expect(labelProblem({ 'sealane.allow': 'office' })?.fix).toBe('Correct the label.');
  });

  it.each(['hold', 'listen', 'port', 'host', 'accept-proxy', 'health', 'tls.alpn', 'tls.upstream'] as const)(
    'of %s that is hostile is answered, without a guess',
    (option) => {
      for (const piece of ['Host(', '1', ':', 'http://', '1s ']) {
        const text = piece.repeat(50_000 / piece.length);
        expect(labelProblem({ [`sealane.${option}`]: text })?.fix).not.toContain('Write');
      }
    },
  );

  it.each([
    ['log-level', 'wran', 'warn'],
    ['scope', 'projcet', 'project'],
    ['shutdown-timeout', '8', '8s'],
    ['reuse-port', 'ture', 'true'],
    ['docker', '/var/run/docker.sock', 'unix:///var/run/docker.sock'],
  ])(
    'of the setting %s, %j, is answered with %s as a flag, a variable and a key of the file',
    async (name, text, meant) => {
      const answer = `not "${text}" (did you mean "${meant}"?)`;
      await expect(loadConfig({ [name]: text }, {})).rejects.toThrow(answer);
      const variable = `SEALANE_${name.replaceAll('-', '_').toUpperCase()}`;
      await expect(loadConfig({}, { [variable]: text })).rejects.toThrow(answer);
      expect(() => parseConfigFile(`${name}: ${text}`, 'f')).toThrow(answer);
    },
  );

  it.each([
    ['workers:', 'workers must be a whole number, 1-64, not ""'],
    ['workers: { a: 1 }', 'workers must be a single value, not a mapping'],
    ['scope: [{ a: 1 }]', 'scope must be a single value, not a list'],
  ])('of the file that is no text is answered as well: %s', (text, message) => {
    expect(() => parseConfigFile(text, 'f')).toThrow(message);
  });
});

describe('a label of a list that has a colon instead of an equals sign', () => {
  it('is answered with the label that was meant', () => {
    const problem = labelProblem({ 'sealane.host: api.localhost': '' });
    expect(problem?.message).toBe(
      'unknown label "sealane.host: api.localhost" (did you mean "sealane.host=api.localhost"?); the route is not served',
    );
    expect(problem?.fix).toBe('Write sealane.host=api.localhost.');
  });

  it.each(['sealane.allow: 10.0.0.0/8', 'sealane.web.allow: 10.0.0.0/8', 'sealane.alow : 10.0.0.0/8'])(
    'does not open the route that it was to guard: %s',
    (label) => {
      const { routes } = readLabels({ [label]: '', 'sealane.web.port': '80' }, 'sealane', { id: 'c', name: 'c' });
      expect(routes).toEqual([]);
    },
  );
});

describe('several wrong settings', () => {
  it('are named all at once', async () => {
    const loading = loadConfig({ workers: '0' }, { SEALANE_SCOPE: 'some', SEALANE_WORKRS: '1' });
    await expect(loading).rejects.toMatchObject({
      lines: [
        '--workers must be a whole number, 1-64, not "0"',
        'SEALANE_SCOPE must be all or project, not "some"',
        'unknown environment variable SEALANE_WORKRS (did you mean "SEALANE_WORKERS"?)',
      ],
    });
  });

  it('of the file are named all at once', () => {
    let error: unknown;
    try {
      parseConfigFile('workers: 0\nlgo-level: x\nservices:\n  db:\n    hold: x\n    upstreams: [a]\n  b: 1\n', 'f');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).lines.map((line) => line.split(' ')[0])).toEqual([
      'f:1:1:',
      'f:2:1:',
      'f:5:5:',
      'f:6:5:',
      'f:7:3:',
    ]);
  });
});
