import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
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

/** The files of a folder, without those that are being written. */
async function wholeFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((file) => !file.endsWith('.tmp'));
}

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
    await expect.poll(() => wholeFiles(place)).toHaveLength(6);
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
    await expect.poll(() => wholeFiles(join(folder.path, 'names'))).toHaveLength(4);
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
      message: expect.stringContaining('the key is missing'),
      fix: expect.stringContaining('away to have a new one made'),
    });
    expect(names(opening)).toEqual([]);
    const authority = await createAuthority('test', new Date(opening.clock.wallMs()));
    await writeFile(join(folder.path, 'ca.crt'), authority.certificate);
    await writeFile(join(folder.path, 'ca.key'), authority.key);
    opening.clock.advance(5_000);
    await opening.until(() => opening.store.has('a.test') && opening.store.problems().length === 0);
  });

  it('are signed by an authority that is in use until it can be kept, where its folder can’t be written', async () => {
    await using folder = await tempFolder();
    const place = join(folder.path, 'ca');
    await writeFile(place, 'a file where the folder is to be');
    await using opening = opened(place);
    opening.store.want(new Set(['a.test']));
    await opening.until(() => opening.store.has('a.test') && opening.store.problems().length === 1);
    const before = fingerprint(opening);
    await rm(place);
    opening.clock.advance(5_000);
    await opening.until(() => opening.store.problems().length === 0);
    const authority = new X509Certificate(await readFile(join(place, 'ca.crt')));
    expect(new X509Certificate(opening.store.certificates()[0]?.chain ?? '').verify(authority.publicKey)).toBe(true);
    expect(fingerprint(opening)).toBe(before);
    expect(await readdir(join(place, 'names'))).toEqual(['a.test.crt', 'a.test.key']);
  });

  it('are made anew once the folder holds another authority', async () => {
    await using folder = await tempFolder();
    await using opening = opened(folder.path);
    const { store, clock } = opening;
    store.want(new Set(['a.test']));
    await opening.until(() => store.has('a.test'));
    const before = fingerprint(opening);
    const other = await createAuthority('other', new Date(clock.wallMs()));
    await expect.poll(() => wholeFiles(join(folder.path, 'names'))).toHaveLength(2);
    await writeFile(join(folder.path, 'ca.key'), other.key);
    await writeFile(join(folder.path, 'ca.crt'), other.certificate);
    clock.advance(3_600_000);
    expect(store.has('a.test')).toBe(true);
    await opening.until(() => fingerprint(opening) !== before);
    const [{ chain } = { chain: '' }] = store.certificates();
    expect(new X509Certificate(chain).verify(new X509Certificate(other.certificate).publicKey)).toBe(true);
  });

  it('are made anew where the clock was wrong when they were made', async () => {
    await using folder = await tempFolder();
    const late = new ManualClock();
    late.advance(100 * dayMs);
    await using first = opened(folder.path, late);
    first.store.want(new Set(['a.test']));
    await first.until(() => first.store.has('a.test'));
    await expect.poll(() => wholeFiles(join(folder.path, 'names'))).toHaveLength(2);
    const right = await createAuthority('right', new Date(new ManualClock().wallMs()));
    await using second = opened(folder.path);
    second.store.want(new Set(['a.test']));
    await second.until(() => second.store.problems().length === 1);
    expect(second.store.problems()[0]).toMatchObject({
      message: expect.stringContaining('it is valid from 2026-04-10'),
    });
    await writeFile(join(folder.path, 'ca.key'), right.key);
    await writeFile(join(folder.path, 'ca.crt'), right.certificate);
    second.clock.advance(5_000);
    await second.until(() => second.store.has('a.test'));
    const [{ chain } = { chain: '' }] = second.store.certificates();
    expect(new X509Certificate(chain).validFromDate.getTime()).toBeLessThan(second.clock.wallMs());
  });

  it('of an authority that expires are not made again and again, and a problem says so two weeks before', async () => {
    await using folder = await tempFolder();
    const clock = new ManualClock();
    await using opening = opened(folder.path, clock);
    opening.store.want(new Set(['a.test']));
    await opening.until(() => opening.store.has('a.test'));
    await expect.poll(() => wholeFiles(join(folder.path, 'names'))).toHaveLength(2);
    clock.advance(3_640 * dayMs);
    await opening.until(() => opening.store.problems().length === 1);
    expect(opening.store.problems()).toMatchObject([
      { code: 'certificate-expiring', subject: join(folder.path, 'ca.crt') },
    ]);
    const isLast = (): boolean =>
      opening.store
        .certificates()
        .every(({ chain }) => new X509Certificate(chain).validToDate.getTime() > clock.wallMs());
    await opening.until(isLast);
    const last = fingerprint(opening);
    clock.advance(10 * 3_600_000);
    await opening.store.stop();
    expect(fingerprint(opening)).toBe(last);
    clock.advance(40 * dayMs);
    await using over = opened(folder.path, clock);
    over.store.want(new Set(['a.test']));
    await over.until(() => over.store.problems().length === 1);
    const [problem] = over.store.problems();
    expect(problem).toMatchObject({ code: 'certificate-unusable', message: expect.stringContaining('it expired on') });
    expect(problem?.fix).toMatch(/^Move it and .* away/);
  });

  it('leave no more on the disk than those of the names of the last weeks', async () => {
    await using folder = await tempFolder();
    const place = join(folder.path, 'names');
    await using opening = opened(folder.path);
    const { store, clock } = opening;
    store.want(new Set(['a.test', 'gone.test']));
    await opening.until(() => names(opening).length === 2);
    await expect.poll(() => wholeFiles(place)).toHaveLength(4);
    const old = new Date(clock.wallMs() - 31 * dayMs);
    await writeFile(join(place, 'x.key.0123456789ab.tmp'), 'left by a crash');
    await writeFile(join(place, 'README'), 'of the user');
    for (const file of await readdir(place)) await utimes(join(place, file), old, old);
    store.want(new Set(['a.test']));
    clock.advance(2 * 3_600_000);
    await expect.poll(() => readdir(place)).toEqual(['README', 'a.test.crt', 'a.test.key']);
  });

  it('are made for the index before all others, however many there are', async () => {
    await using folder = await tempFolder();
    {
      await using first = opened(folder.path);
      first.store.want(new Set(['localhost']));
      await first.until(() => first.store.has('localhost'));
    }
    await using many = opened(folder.path);
    many.store.want(new Set([...Array.from({ length: 100 }, (_, index) => `n${index}.test`), 'localhost']));
    // A name that the store has is never without its certificate, whenever it is asked.
    while (names(many).length === 0) {
      await new Promise(setImmediate);
      expect(many.store.has('localhost')).toBe(names(many).includes('localhost'));
    }
    expect(names(many)[0]).toBe('localhost');
    await many.until(() => names(many).length === 101);
    await expect.poll(() => wholeFiles(join(folder.path, 'names'))).toHaveLength(202);
  });
});
