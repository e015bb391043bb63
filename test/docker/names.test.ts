import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { startBesideEngine } from '../support/engine/beside-engine.ts';
import { uniqueName } from '../support/engine/containers.ts';
import { eventually, startReplica } from '../support/engine/replica.ts';
import { adminApi } from '../support/sealane/admin-api.ts';
import { executable } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * Names without labels, on the real engine, with curl and openssl. One Sealane and its containers serve all of it.
 */
describe('names for all containers', () => {
  it('reach what speaks HTTP under its name, over HTTP and HTTPS, and nothing else', async () => {
    const [plain, tls, admin] = [await freePort(), await freePort(), await freePort()];
    const [project, prefix] = [uniqueName('shop'), uniqueName('label')];
    await using folder = await tempFolder();
    await using sealane = startBesideEngine(
      ...['--expose', 'all', '--names', '{service}.{project}.localhost', '--label-prefix', prefix],
      ...['--names-listen', `http://127.0.0.1:${plain},https://127.0.0.1:${tls}`, '--names-ca', folder.path],
      ...['--admin', `127.0.0.1:${admin}`, '--bind', '127.0.0.1'],
    );
    const ca = join(folder.path, 'ca.crt');
    const curl = (url: string, ...args: readonly string[]): Promise<string> =>
      run('curl', ['--silent', '--show-error', '--max-time', '20', '--cacert', ca, ...args, url]).catch(
        (error: Error) => error.message,
      );
    const answers = async (url: string, answer: string, ...args: readonly string[]): Promise<void> =>
      void (await eventually(
        () => curl(url, ...args),
        (text) => text === `${answer}\n`,
      ));
    const part = (service: string, exposed: readonly number[], labels: Readonly<Record<string, string>> = {}) =>
      startReplica({
        name: `${project}_${service}`,
        labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': service, ...labels },
        create: { ExposedPorts: Object.fromEntries(exposed.map((port) => [`${port}/tcp`, {}])) },
      });

    // There is an index before there is any name.
    expect(
      await eventually(
        () => curl(`http://localhost:${plain}`),
        (text) => !text.startsWith('curl'),
      ),
    ).not.toContain(project);
    await using web = await part('My_Web', [8080]);
    await using labelled = await part('api', [5432], {
      [`${prefix}.host`]: `${project}.test`,
      [`${prefix}.port`]: '8080',
    });
    await using database = await part('db', [5432]);
    await using optedOut = await part('private', [8080], { [`${prefix}.enable`]: 'false' });

    const name = `my-web.${project}.localhost`;
    await answers(`http://${name}:${plain}/`, web.name);
    await answers(`https://${name}:${tls}/`, web.name);
    await answers(`http://127.0.0.1:${plain}/`, labelled.name, '--header', `Host: ${project}.test`);
    const line = await sealane.line({ event: 'name-refused', subject: database.name });
    expect(line.msg).toContain('its port 5432 (Postgres)');
    await sealane.line({ event: 'name-given', subject: web.name });

    const api = adminApi({ port: admin });
    expect(await api.why(database.name)).toMatchObject({ cause: 'not-exposed', verdict: 'unreachable' });
    await api.whyUntil(optedOut.name, 'disabled');
    expect(await api.why(`https://${name}:${tls}`)).toMatchObject({
      verdict: 'reachable',
      services: [`${project}/My_Web`],
    });

    const status = await run(process.execPath, [executable, 'status', '--admin', `127.0.0.1:${admin}`]);
    expect(status).toContain('names: {service}.{project}.localhost on ');
    expect(status).toMatch(new RegExp(`no name for ${database.name}: its port 5432`));

    const metrics = await curl(`${api.url}/metrics`);
    expect(metrics).toMatch(/^sealane_exposures\{result="refused"\} [1-9]/m);

    const index = await curl(`http://localhost:${plain}/`);
    expect(index).toContain(`  http://${name}:${plain}\n`);
    expect(index).toContain(`  http://${project}.test:${plain}\n`);
    for (const hidden of [`db.${project}`, `private.${project}`]) expect(index).not.toContain(hidden);
    const browsers = ['--header', 'Accept: text/html', '--include'];
    const page = await curl(`https://localhost:${tls}/`, ...browsers);
    expect(page).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/html/i);
    expect(page).toContain(`<a href="https://${name}:${tls}">`);
    const unknown = await curl(`http://my-wbe.${project}.localhost:${plain}/`, '--include');
    expect(unknown).toMatch(/^HTTP\/1\.1 404/);
    expect(unknown).toContain(`Did you mean http://${name}:${plain}?`);
    const stranger = await curl(`http://127.0.0.1:${plain}/`, '--header', 'Host: evil.example');
    expect(stranger).not.toContain(project);
    const inAbsoluteForm = await curl(
      `http://127.0.0.1:${plain}/`,
      '--request-target',
      'http://evil.example/',
      '--header',
      `Host: ${name}`,
    );
    expect(inAbsoluteForm).toBe('No service here has the name evil.example.\n');

    // A name that does not exist gets the certificate of the index, and none is made for it.
    const shown = await run('sh', [
      '-c',
      `openssl s_client -connect 127.0.0.1:${tls} -servername hostile.localhost </dev/null 2>&1`,
    ]);
    expect(shown).toContain('CN = localhost');
    const kept = (): Promise<string[]> => readdir(join(folder.path, 'names'));
    await expect.poll(kept).toContain(`${name}.key`);
    expect((await kept()).filter((file) => file.includes('hostile'))).toEqual([]);

    const from = sealane.lines.length;
    await using rival = await part('my.web', [8080]);
    const problem = await sealane.line({ event: 'problem', code: 'name-conflict' }, from);
    expect(problem.msg).toContain(rival.name);
    await answers(`http://${name}:${plain}/`, web.name);
  });
});
