import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRsaAuthority } from '../support/certificates/rsa-authority.ts';
import { askSealane } from '../support/sealane/ask.ts';

import { tempFolder } from '../support/temp-folder.ts';

const reportSchema = z.object({
  authority: z.object({ certificate: z.string(), key: z.string(), fingerprint256: z.string(), new: z.boolean() }),
  certificate: z.object({ certificate: z.string(), key: z.string(), names: z.array(z.string()), expires: z.string() }),
});
type Report = z.output<typeof reportSchema>;

async function certified(folder: string, ...args: readonly string[]): Promise<Report> {
  const places = ['--out', join(folder, 'certs'), '--ca', join(folder, 'ca')];
  const { code, stdout, stderr } = await askSealane(['cert', ...places, '--json', ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return reportSchema.parse(JSON.parse(stdout));
}

/** The error of a client that trusts the authority, connecting to a server with the certificate; undefined: none. */
async function visit({ authority, certificate }: Report, host: string): Promise<string | undefined> {
  const [ca, cert, key] = await Promise.all(
    [authority.certificate, certificate.certificate, certificate.key].map((path) => readFile(path)),
  );
  const server = createServer({ cert: cert ?? '', key: key ?? '' }, (socket) => socket.on('error', () => {}).end());
  server.on('tlsClientError', () => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, servername: host, ca: ca ?? '' });
  try {
    await once(socket, 'secureConnect');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
    server.close();
  }
}

describe('sealane cert', () => {
  it('creates a certificate that clients of the authority accept for its names only', async () => {
    await using folder = await tempFolder();
    const made = await certified(folder.path, '--name', 'API.localhost', '--name', '*.shop.localhost');
    expect(made.certificate.names).toEqual(['api.localhost', '*.shop.localhost']);
    expect(await visit(made, 'api.localhost')).toBeUndefined();
    expect(await visit(made, 'web.shop.localhost')).toBeUndefined();
    expect(await visit(made, 'web.localhost')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('creates files that only their owner can read, with a validity that browsers accept', async () => {
    await using folder = await tempFolder();
    const { authority, certificate } = await certified(folder.path);
    for (const path of [authority.certificate, authority.key, certificate.certificate, certificate.key]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    const leaf = new X509Certificate(await readFile(certificate.certificate));
    const days = (leaf.validToDate.getTime() - leaf.validFromDate.getTime()) / 86_400_000;
    expect(days).toBeLessThanOrEqual(397);
    expect(leaf.ca).toBe(false);
    expect(leaf.subjectAltName).toContain('DNS:*.localhost');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(new X509Certificate(await readFile(authority.certificate)).ca).toBe(true);
    // No temporary files are left beside them.
    expect(await readdir(join(folder.path, 'certs'))).toEqual(['localhost.crt', 'localhost.key']);
  });

  it('reuses the authority, and renews a certificate of the same name', async () => {
    await using folder = await tempFolder();
    const first = await certified(folder.path);
    const before = await readFile(first.certificate.certificate, 'utf8');
    const second = await certified(folder.path);
    expect(second.authority).toEqual({ ...first.authority, new: false });
    expect(first.authority.new).toBe(true);
    expect(await readFile(second.certificate.certificate, 'utf8')).not.toBe(before);
    expect(await visit(second, 'localhost')).toBeUndefined();
  });

  it('signs with an authority that mkcert made', async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, 'ca'));
    const { certificate, key } = await createRsaAuthority();
    await writeFile(join(folder.path, 'ca', 'rootCA.pem'), certificate);
    await writeFile(join(folder.path, 'ca', 'rootCA-key.pem'), key);
    const made = await certified(folder.path, '--name', 'api.localhost');
    expect(made.authority.new).toBe(false);
    expect(await visit(made, 'api.localhost')).toBeUndefined();
  });

  it('creates a client certificate with --client', async () => {
    await using folder = await tempFolder();
    const { certificate } = await certified(folder.path, '--client', '--name', 'sealane');
    const leaf = new X509Certificate(await readFile(certificate.certificate));
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });

  it('says how to trust the authority, and which names clients will not accept', async () => {
    await using folder = await tempFolder();
    const { code, stdout } = await askSealane(['cert', '--out', folder.path, '--ca', folder.path]);
    expect(code).toBe(0);
    const ca = join(folder.path, 'ca.crt');
    for (const how of [`curl --cacert ${ca}`, `NODE_EXTRA_CA_CERTS=${ca}`, 'update-ca-certificates', 'certutil'])
      expect(stdout).toContain(how);
    expect(stdout).toContain('do not accept *.localhost');
  });

  it('never replaces an unusable authority', async () => {
    await using folder = await tempFolder();
    const { authority } = await certified(folder.path);
    await writeFile(authority.certificate, 'nonsense');
    const { code, stderr } = await askSealane(['cert', '--out', folder.path, '--ca', join(folder.path, 'ca')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sealane: the authority .*ca\.crt can’t be used: .*move it and .*ca\.key away.*\n$/);
    expect(await readFile(authority.certificate, 'utf8')).toBe('nonsense');
  });

  it.each([
    [['--name', 'no such name'], /--name must be a host name, \*\.name or an IP address.*, not "no such name"/],
    [['--name', 'a.*.localhost'], /--name must be a host name/],
    [['--name', '1.2.3'], /--name must be a host name/],
    [['--out', '/dev/null/certs'], /cannot write \/dev\/null\/certs: it is inside something that is not a folder/],
  ])('rejects %j in one line', async (args, message) => {
    await using folder = await tempFolder();
    const out = args[0] === '--out' ? [] : ['--out', folder.path];
    const { code, stderr } = await askSealane(['cert', ...out, '--ca', folder.path, ...args]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(code).toBe(2);
  });
});
