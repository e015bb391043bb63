import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCertificateStore, type CertificateStore } from '../../../src/certificates/store.ts';
import { daysAgo, leafFor } from '../../support/certificates/certificates.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/** Wall time is real, so that it agrees with certificates that were made just now. */
class PollClock extends ManualClock {
  override wallMs(): number {
    return Date.now() + this.nowMs();
  }
}

async function opened(...paths: readonly string[]) {
  const clock = new PollClock();
  let changes = 0;
  const store = await openCertificateStore({ clock, onChange: () => (changes += 1) }, paths);
  return {
    store,
    clock,
    get changes() {
      return changes;
    },
    /** Lets it look at the files `times` times; each is over when the next one is planned. */
    async look(times = 1, delayMs = 500) {
      for (let round = 0; round < times; round++) {
        clock.advance(delayMs);
        while (clock.nextDelayMs() === undefined) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    [Symbol.dispose]: () => store.stop(),
  };
}

async function put(folder: TempFolder, name: string, names: readonly string[], at?: Date): Promise<void> {
  const { certificate, key } = await leafFor(names, at && { at });
  await mkdir(join(folder.path, name, '..'), { recursive: true });
  await folder.write(`${name}.crt`, certificate);
  await folder.write(`${name}.key`, key);
}

function namesIn(store: CertificateStore): readonly string[] {
  return store.certificates().flatMap(({ names }) => names);
}

describe('the certificate store', () => {
  it('reads a folder and the folders in it, the default one first', async () => {
    await using folder = await tempFolder();
    await put(folder, 'api', ['api.localhost']);
    await put(folder, 'shop.example/tls', ['shop.example']);
    await put(folder, 'default', ['localhost']);
    await put(folder, '.hidden/tls', ['hidden.localhost']);
    await folder.write('README', 'not a certificate');
    using opening = await opened(folder.path);
    expect(namesIn(opening.store)).toEqual(['localhost', 'api.localhost', 'shop.example']);
    expect(opening.store.problems()).toEqual([]);
  });

  it('reads files that are named one by one, with the key beside them', async () => {
    await using folder = await tempFolder();
    await put(folder, 'api', ['api.localhost']);
    await put(folder, 'web', ['web.localhost']);
    using opening = await opened(join(folder.path, 'web.crt'), join(folder.path, 'api.crt'));
    expect(namesIn(opening.store)).toEqual(['web.localhost', 'api.localhost']);
  });

  it('takes up what was added, replaced and removed', async () => {
    await using folder = await tempFolder();
    await put(folder, 'api', ['api.localhost']);
    using opening = await opened(folder.path);
    await put(folder, 'web', ['web.localhost']);
    await opening.look(2);
    expect(namesIn(opening.store)).toEqual(['api.localhost', 'web.localhost']);
    await put(folder, 'api', ['api.localhost', 'api2.localhost']);
    await opening.look(2);
    expect(namesIn(opening.store)).toEqual(['api.localhost', 'api2.localhost', 'web.localhost']);
    await rm(join(folder.path, 'web.crt'));
    await rm(join(folder.path, 'web.key'));
    await opening.look(2);
    expect(namesIn(opening.store)).toEqual(['api.localhost', 'api2.localhost']);
    expect(opening.changes).toBe(3);
    await opening.look(3);
    expect(opening.changes).toBe(3);
  });

  it('waits until both of a pair are replaced', async () => {
    await using folder = await tempFolder();
    await put(folder, 'api', ['api.localhost']);
    using opening = await opened(folder.path);
    const { certificate, key } = await leafFor(['new.localhost']);
    await folder.write('api.crt', certificate);
    await opening.look();
    expect(opening.changes).toBe(0);
    await folder.write('api.key', key);
    await opening.look(2);
    expect(opening.store.problems()).toEqual([]);
    expect(namesIn(opening.store)).toEqual(['new.localhost']);
  });

  it('keeps what it has while a file is broken, and says which and why', async () => {
    await using folder = await tempFolder();
    await put(folder, 'api', ['api.localhost']);
    using opening = await opened(folder.path);
    const before = opening.store.certificates();
    await folder.write('api.crt', 'half a fi');
    await opening.look(2);
    expect(opening.store.certificates()).toEqual(before);
    expect(opening.store.problems()).toMatchObject([
      { code: 'certificate-unusable', subject: join(folder.path, 'api.crt'), message: expect.stringContaining('PEM') },
    ]);
    await put(folder, 'api', ['api.localhost']);
    await opening.look(2);
    expect(opening.store.problems()).toEqual([]);
    expect(opening.store.certificates()).not.toEqual(before);
  });

  it('does not wait for a pipe, nor read a device that never ends', async () => {
    await using folder = await tempFolder();
    const pipe = join(folder.path, 'pipe.pem');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      using opening = await opened(path);
      expect(opening.store.problems()).toMatchObject([{ subject: path, message: 'it can’t be read: it is no file' }]);
    }
  });

  it('says what is not there, or can’t be followed, and takes it up once it can', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'certs');
    using opening = await opened(path);
    expect(opening.store.problems()).toMatchObject([
      { code: 'certificate-unusable', subject: path, message: 'it can’t be read: there is no such file or folder' },
    ]);
    await mkdir(path);
    await symlink(path, join(path, 'round.pem'));
    await put(folder, 'certs/api', ['api.localhost']);
    await writeFile(join(path, 'large.pem'), Buffer.alloc(1024 * 1024 + 1));
    await opening.look(2);
    expect(namesIn(opening.store)).toEqual(['api.localhost']);
    expect(opening.store.problems()).toContainEqual(
      expect.objectContaining({
        subject: join(path, 'large.pem'),
        message: 'it can’t be read: it is larger than 1 MiB',
      }),
    );
  });

  it('says when a certificate expires within 14 days, as soon as that is so', async () => {
    await using folder = await tempFolder();
    await put(folder, 'api', ['api.localhost'], daysAgo(382));
    using opening = await opened(folder.path);
    expect(opening.store.problems()).toEqual([]);
    await opening.look(1, 24 * 3_600_000);
    expect(opening.changes).toBe(1);
    expect(opening.store.problems()).toMatchObject([
      {
        code: 'certificate-expiring',
        message: expect.stringMatching(/^the certificate for api\.localhost expires on /),
      },
    ]);
    await opening.look(1, 14 * 24 * 3_600_000);
    expect(opening.store.problems()).toMatchObject([{ message: expect.stringContaining('api.localhost expired on') }]);
    expect(namesIn(opening.store)).toEqual(['api.localhost']);
  });
});
