import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { startBrowser } from '../support/web/browser.ts';
import { composeProject } from '../support/engine/compose.ts';
import { get, untilServed } from '../support/engine/get.ts';
import { engineClient } from '../support/engine/containers.ts';
import { eventually } from '../support/engine/replica.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * Runs the examples as their READMEs say, with docker-compose 1.29. The one that is scaled is in compose.test.ts.
 */
describe('the Redis example', () => {
  it('serves redis-cli, also through the same port after the container was recreated', async () => {
    await using project = composeProject('examples/redis');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 6379);
    const redis = (...args: readonly string[]): Promise<string> =>
      run('redis-cli', ['-h', '127.0.0.1', '-p', String(port), ...args]).then(
        (output) => output.trim(),
        (error: Error) => error.message,
      );
    await eventually(
      () => redis('ping'),
      (answer) => answer === 'PONG',
    );
    expect(await redis('set', 'greeting', 'hello')).toBe('OK');
    expect(await redis('get', 'greeting')).toBe('hello');

    await project.compose('up', '-d', '--no-build', '--force-recreate', 'redis');
    expect(await redis('ping')).toBe('PONG');
    expect(await redis('exists', 'greeting')).toBe('0');
  });
});

describe('the example of several ports', () => {
  it('reaches both ports of one container', async () => {
    await using project = composeProject('examples/several-ports');
    await project.compose('up', '-d', '--no-build');
    const [web, metrics] = [await project.port('sealane', 8080), await project.port('sealane', 9100)];
    const answer = await eventually(
      () => get(web).catch(() => ''),
      (text) => text !== '',
    );
    expect(answer).toBe('hello from the web port\n');
    expect(await get(metrics)).toBe('app_requests_total 1\n');
  });
});

describe('the example of joined networks', () => {
  it('joins the network of its web server, and does so again when that was stopped', async () => {
    await using project = composeProject('examples/joined-networks');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8080);
    const ask = (): Promise<string> => get(port).catch(() => '');
    await eventually(ask, (text) => text.startsWith('Hostname: '), 30_000);
    const sealane = engineClient().getContainer(await project.container('sealane'));
    const networks = async (): Promise<number> =>
      Object.keys((await sealane.inspect()).NetworkSettings.Networks).length;
    expect(await networks()).toBe(2);
    const web = engineClient().getContainer(await project.container('web'));
    await web.stop({ t: 0 });
    await eventually(networks, (count) => count === 1);
    await web.start();
    expect(await get(port)).toMatch(/^Hostname: /);
  });
});

describe('the example of names on one port', () => {
  it('routes curl and a browser by name, and lists the names for an unknown one', async () => {
    await using project = composeProject('examples/localhost-names');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8080);
    const ask = (name: string): Promise<string> =>
      run('curl', ['--silent', '--show-error', '--max-time', '20', `http://${name}:${port}/`]);
    const hostnameOf = (text: string): string | undefined => /^Hostname: (.+)$/m.exec(text)?.[1];
    await eventually(
      async () => [await ask('api.localhost').catch(String), await ask('web.localhost').catch(String)].map(hostnameOf),
      ([api, web]) => api === 'api' && web === 'web',
      30_000,
    );
    expect(hostnameOf(await ask('shop.web.localhost'))).toBe('web');
    expect(await ask('db.localhost')).toMatch(/api\.localhost[^]*web\.localhost/);

    await using browser = await startBrowser();
    for (const name of ['api', 'web']) {
      await using opened = await browser.open(`http://${name}.localhost:${port}/`, { width: 640, height: 320 });
      expect(hostnameOf(await opened.page.locator('body').innerText())).toBe(name);
    }
  });
});

describe('the example of names without labels', () => {
  it('names each web server, over HTTP and HTTPS, lists them, and says why the database has no name', async () => {
    await using folder = await tempFolder();
    await using project = composeProject('examples/names-without-labels');
    await project.compose('up', '-d', '--no-build');
    const [plain, tls] = [await project.port('sealane', 8080), await project.port('sealane', 8443)];
    const ca = join(folder.path, 'ca.crt');
    const ask = (url: string, ...options: readonly string[]): Promise<string> =>
      run('curl', ['--silent', '--show-error', '--max-time', '20', ...options, url]).catch(String);
    const answers = (name: string, url: string, ...options: readonly string[]): Promise<string> =>
      eventually(
        () => ask(url, ...options),
        (answer) => answer === `hello from ${name}\n`,
        30_000,
      );
    for (const name of ['web', 'api']) await answers(name, `http://${name}.localhost:${plain}/`);
    const sealane = await project.container('sealane');
    await run('docker', ['cp', `${sealane}:/ca/ca.crt`, ca]);
    // A name is served over TLS once its certificate is made, which is later.
    await answers('web', `https://web.localhost:${tls}/`, '--cacert', ca);
    const links = ['api', 'web'].map((name) => `  http://${name}.localhost:${plain}\n`);
    expect(await ask(`http://localhost:${plain}/`)).toBe(`These names are served here:\n\n${links.join('')}`);
    expect(await run('docker', ['exec', sealane, 'sealane', 'status'])).toMatch(/no name for \S*db\S*: .*\(Redis\)/);
  });
});

describe('the example of TLS passed through', () => {
  it('routes clients by server name to services that present their own certificates', async () => {
    await using project = composeProject('examples/tls-passthrough');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8443);
    const ask = (name: string): Promise<string> =>
      run('curl', ['--silent', '--show-error', '--insecure', '--max-time', '20', `https://${name}:${port}/`]).catch(
        String,
      );
    for (const name of ['api.localhost', 'web.localhost']) {
      const answer = await eventually(
        () => ask(name),
        (text) => text.includes('here'),
        30_000,
      );
      expect(answer).toBe(`${name} here; you asked for ${name}\n`);
    }
    expect(await ask('db.localhost')).toMatch(/unrecognized name/);
  });
});

describe('the example of the PROXY protocol', () => {
  it('passes the client’s address to nginx', async () => {
    await using project = composeProject('examples/proxy-protocol');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8080);
    const answer = await eventually(
      () => get(port).catch(String),
      (text) => text.startsWith('you are'),
      30_000,
    );
    const [, client, peer] = /^you are ([\d.]+); the connection came from ([\d.]+)\n$/.exec(answer) ?? [];
    const sealane = await project.container('sealane');
    const { Networks } = (await engineClient().getContainer(sealane).inspect()).NetworkSettings;
    const [network] = Object.values(Networks);
    expect({ client, peer }).toEqual({ client: network?.Gateway, peer: network?.IPAddress });
  });
});

describe('the example of a static file', () => {
  it('balances over the upstreams of the file, without a Docker socket', async () => {
    await using project = composeProject('examples/static-file');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8080);
    expect([...(await untilServed(port, 2))].toSorted()).toEqual(['blue', 'green']);
  });
});

describe('the example of TLS termination', () => {
  it('serves two names on one HTTPS port, to clients that trust its authority', async () => {
    await using folder = await tempFolder();
    await using project = composeProject('examples/tls-termination');
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8443);
    const ca = join(folder.path, 'ca.crt');
    const maker = await project.container('cert');
    // The container that makes the certificate has ended by now.
    await run('docker', ['cp', `${maker}:/ca/ca.crt`, ca]);
    const ask = (name: string, ...options: readonly string[]): Promise<string> =>
      run('curl', ['--silent', '--show-error', '--max-time', '20', ...options, `https://${name}:${port}/`]).then(
        (answer) => /^Hostname: (.+)$/m.exec(answer)?.[1] ?? answer,
        (error: Error) => error.message,
      );
    for (const name of ['api', 'web'])
      await eventually(
        () => ask(`${name}.localhost`, '--cacert', ca),
        (answer) => answer === name,
        30_000,
      );
    // curl(1): exit code 60 is an untrusted certificate, 35 a failed handshake.
    expect(await ask('api.localhost')).toContain('failed (60)');
    expect(await ask('other.localhost', '--cacert', ca)).toContain('failed (35)');
  });
});
