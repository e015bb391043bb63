import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../../src/certificates/authority.ts';
import { openIssuedStore, type IssuedStore } from '../../../src/certificates/issued.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const dayMs = 24 * 3_600_000;

interface Opened extends AsyncDisposable {
  readonly store: IssuedStore;
  readonly clock: ManualClock;
  /** Resolves when the store tells of a change that makes `isDone` true. */
  until(isDone: () => boolean): Promise<void>;
}

function opened(folder: string, clock = new ManualClock()): Opened {
  const waiting = new Set<() => void>();
  const store = openIssuedStore({ clock, onChange: () => waiting.forEach((look) => look()) }, folder);
  return {
    store,
    clock,
    until: (isDone) =>
      new Promise((resolve) => {
        const look = (): void => void (isDone() && waiting.delete(look) && resolve());
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: () => store.stop(),
  };
}

const names = ({ store }: Opened): string[] => store.certificates().flatMap((one) => one.names);
const fingerprint = ({ store }: Opened): string | undefined =>
  store.certificates().map(({ chain }) => new X509Certificate(chain).fingerprint256)[0];

describe('certificates that the local authority makes for names', () => {
  it('are one for each name, signed by an authority that is made once, kept with mode 0600, and the same after a restart', async () => {
    await using folder = await tempFolder();
    await using first = opened(folder.path);
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.localhost`;
    first.store.want(new Set(['web.shop.localhost', 'localhost', long]));
    expect(first.store.has('web.shop.localhost')).toBe(false);
    await first.until(() => names(first).length === 3);
    expect(names(first)).toEqual(['localhost', long, 'web.shop.localhost']);
    const authority = new X509Certificate(await readFile(join(folder.path, 'ca.crt')));
    for (const { chain } of first.store.certificates())
      expect(new X509Certificate(chain).verify(authority.publicKey)).toBe(true);

    const place = join(folder.path, 'names');
    await expect.poll(() => readdir(place)).toHaveLength(6);
    for (const file of await readdir(place)) expect((await stat(join(place, file))).mode & 0o777).toBe(0o600);
    expect((await stat(place)).mode & 0o777).toBe(0o700);

    await using second = opened(folder.path);
    second.store.want(new Set(['localhost']));
    await second.until(() => second.store.has('localhost'));
    expect(fingerprint(second)).toBe(fingerprint(first));
  });

  it('are made anew where what is kept is damaged, or another authority’s', async () => {
    await using folder = await tempFolder();
    await using first = opened(folder.path);
    first.store.want(new Set(['localhost', 'a.test']));
    await first.until(() => names(first).length === 2);
    await expect.poll(() => readdir(join(folder.path, 'names'))).toHaveLength(4);
    await writeFile(join(folder.path, 'names', 'a.test.key'), 'broken');
    const other = await createAuthority('other', new Date(first.clock.wallMs()));
    await using second = opened(folder.path);
    second.store.want(new Set(['a.test']));
    await second.until(() => second.store.has('a.test'));
    await writeFile(join(folder.path, 'ca.crt'), other.certificate);
    await writeFile(join(folder.path, 'ca.key'), other.key);
    await using third = opened(folder.path);
    third.store.want(new Set(['localhost']));
    await third.until(() => third.store.has('localhost'));
    expect(fingerprint(third)).not.toBe(fingerprint(first));
  });

  it('are renewed thirty days before they expire, and those of names that are gone are dropped', async () => {
    await using folder = await tempFolder();
    await using opening = opened(folder.path);
    const { store, clock } = opening;
    store.want(new Set(['a.test', 'b.test']));
    await opening.until(() => names(opening).length === 2);
    const before = fingerprint(opening);
    store.want(new Set(['a.test']));
    clock.advance(360 * dayMs);
    await opening.until(() => names(opening).length === 1);
    expect(fingerprint(opening)).toBe(before);
    clock.advance(10 * dayMs);
    await opening.until(() => fingerprint(opening) !== before);
    expect(names(opening)).toEqual(['a.test']);
  });

  it('that can’t be kept are in use all the same, are a problem with its fix, and are kept once they can be', async () => {
    await using folder = await tempFolder();
    const place = join(folder.path, 'names');
    await writeFile(place, 'a file where the folder is to be');
    await using opening = opened(folder.path);
    opening.store.want(new Set(['a.test']));
    await opening.until(() => opening.store.problems().length === 1);
    expect(opening.store.has('a.test')).toBe(true);
    expect(opening.store.problems()).toMatchObject([{ code: 'certificate-unusable', subject: folder.path }]);
    await rm(place);
    opening.clock.advance(5_000);
    await opening.until(() => opening.store.problems().length === 0);
    expect(await readdir(place)).toEqual(['a.test.crt', 'a.test.key']);
  });

  it('are a problem with its fix while the authority can’t be used, and are made once it can', async () => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, 'ca.crt'), 'not a certificate');
    await using opening = opened(folder.path);
    opening.store.want(new Set(['a.test']));
    await opening.until(() => opening.store.problems().length === 1);
    expect(opening.store.problems()[0]).toMatchObject({
      code: 'certificate-unusable',
      fix: expect.stringContaining('names-ca'),
    });
    expect(names(opening)).toEqual([]);
    const authority = await createAuthority('test', new Date(opening.clock.wallMs()));
    await writeFile(join(folder.path, 'ca.crt'), authority.certificate);
    await writeFile(join(folder.path, 'ca.key'), authority.key);
    opening.clock.advance(5_000);
    await opening.until(() => opening.store.has('a.test') && opening.store.problems().length === 0);
  });
});
