import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority, createLeaf } from '../../../../src/certificates/authority.ts';
import { findEngines } from '../../../../src/docker/find/find-engines.ts';
import { openEngine } from '../../../../src/docker/find/open-engine.ts';
import { authority, leafFor } from '../../../support/certificates/certificates.ts';
import { useContext, writeContext } from '../../../support/engine/docker-config.ts';
import { startEngineTlsProxy } from '../../../support/engine/proxies/tls.ts';
import { startFakeEngine } from '../../../support/fake-engine/fake-engine.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const client = await leafFor(['sealane'], { client: true });
const clientFiles = { 'cert.pem': client.certificate, 'key.pem': client.key };
const stranger = await createAuthority('stranger', new Date());

/** Pings an engine behind TLS that a context names, with the TLS files of the context. */
async function ping(
  tls: Readonly<Record<string, string>>,
  { skipVerify = false, variables = {}, scheme = 'tcp' } = {},
) {
  await using folder = await tempFolder();
  await using fake = await startFakeEngine();
  await using proxy = await startEngineTlsProxy(fake.url, await leafFor(['localhost']), authority);
  await writeContext(folder.path, { name: 'secure', host: proxy.url.replace('tcp', scheme), tls, skipVerify });
  await useContext(folder.path, 'secure');
  const environment = { DOCKER_CONFIG: folder.path, ...variables };
  const [found] = await findEngines(undefined, { environment, home: '/nowhere', platform: 'linux' });
  if (!found) throw new Error('nothing was found');
  return { answer: await openEngine(found).ping(), requests: fake.requests };
}

describe('an engine behind TLS, of the Docker context in use', () => {
  it('is reached with the files of the context, whatever the variables say', async () => {
    const variables = { DOCKER_CERT_PATH: '/nowhere', DOCKER_TLS_VERIFY: '1' };
    const { answer, requests } = await ping({ 'ca.pem': authority.certificate, ...clientFiles }, { variables });
    expect(answer).toMatchObject({ apiVersion: '1.41' });
    expect(requests).toEqual(['GET /_ping']);
  });

  it('is not reached if another authority has signed its certificate, and the answer names the context', async () => {
    const files = { 'ca.pem': stranger.certificate, ...clientFiles };
    await expect(ping(files)).rejects.toThrow(
      /^the TLS handshake with tcp:.* fails .*: check the folder of the Docker context "secure" \(ca\.pem, cert\.pem, key\.pem\)$/,
    );
  });

  it('is reached in spite of that only where the context says not to verify it', async () => {
    const files = { 'ca.pem': stranger.certificate, ...clientFiles };
    expect(await ping(files, { skipVerify: true })).toMatchObject({ answer: { apiVersion: '1.41' } });
  });

  it('is not reached with a certificate that its authority has not signed', async () => {
    const other = await createLeaf(stranger, { names: ['sealane'], client: true }, new Date());
    const files = { 'ca.pem': authority.certificate, 'cert.pem': other.certificate, 'key.pem': other.key };
    await expect(ping(files)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('is looked for with the authorities of Node where the context has no files, and the answer names the context', async () => {
    await expect(ping({}, { scheme: 'https' })).rejects.toThrow(
      /^the TLS handshake .*: check the folder of the Docker context "secure" \(ca\.pem, cert\.pem, key\.pem\)$/,
    );
  });

  it('is said to lack its certificates where the context has a key alone', async () => {
    await expect(ping({ 'key.pem': client.key })).rejects.toThrow(
      /^the folder of the Docker context "secure" ".*" holds neither ca\.pem nor cert\.pem$/,
    );
  });

  it('is not reached where one of the files has no end, which is not read', async () => {
    await using folder = await tempFolder();
    const { tlsFolder } = await writeContext(folder.path, {
      name: 'secure',
      host: 'tcp://127.0.0.1:2376',
      tls: { 'key.pem': '' },
    });
    await symlink('/dev/zero', join(tlsFolder, 'ca.pem'));
    const given = {
      environment: { DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: 'secure' },
      home: '/nowhere',
      platform: 'linux',
    } as const;
    const [found] = await findEngines(undefined, given);
    const asked = found && openEngine(found).ping();
    await expect(asked).rejects.toThrow(/^cannot read the engine's certificate .*ca\.pem: is no file$/);
  });
});
