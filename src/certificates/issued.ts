import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { problemKey, type Problem } from '../catalog/problem.ts';
import type { CertificateSpec } from '../relay/boundary/table.ts';
import { messageOf } from '../text/message-of.ts';
import { printable } from '../text/printable.ts';
import type { Timer } from '../time/clock.ts';
import { createAuthority, createLeaf, day, type PemPair } from './authority.ts';
import { ownerName } from './authority-place.ts';
import { keepPair, readKept, sweepKept } from './kept-pairs.ts';
import { keepAuthority, readAuthority, UnusableAuthority } from './pem-files.ts';
import { readCertificates } from './read-certificate.ts';
import type { CertificateStoreParts } from './store.ts';

/**
 * Owns the certificates that the local authority makes for the names that exist: one for each name, kept in a folder that
 * only its owner can read, and renewed before it expires. No client can have one made.
 */
export interface IssuedStore {
  /** Has certificates made for these names, which are all that are needed now. */
  want(names: ReadonlySet<string>): void;
  has(name: string): boolean;
  /** The same array until a certificate is made, renewed or dropped. */
  certificates(): readonly CertificateSpec[];
  problems(): readonly Problem[];
  /** Resolves when nothing is being written any more. */
  stop(): Promise<void>;
}

interface Issued {
  readonly spec: CertificateSpec;
  readonly validFromMs: number;
  renewAtMs: number;
  wantedAtMs: number;
}

const dayMs = 24 * 3_600_000;
const renewalMs = 30 * dayMs;
const checkMs = 3_600_000;
/** How long a certificate stays in use whose name is gone, e.g. while its container is recreated. */
const keptMs = 3_600_000;
const retryMs = 5_000;
/** How long before its end a problem tells of the authority's. */
const endingMs = 14 * dayMs;
/** So many are made, and written, at once; each takes 2 ms of a processor. */
const batch = 16;
/** The name of the index, which also answers clients that ask for no name. */
const indexName = 'localhost';

export function openIssuedStore(parts: CertificateStoreParts, folder: string): IssuedStore {
  return new Issuer(parts, folder);
}

class Issuer implements IssuedStore {
  readonly #parts: CertificateStoreParts;
  /** The authority's folder. */
  readonly #folder: string;
  readonly #issued = new Map<string, Issued>();
  /** The pairs that are not on the disk yet, by name. */
  readonly #unkept = new Map<string, PemPair>();
  #wanted: ReadonlySet<string> = new Set();
  #certificates: readonly CertificateSpec[] = [];
  #authority: PemPair | undefined;
  /** Whether the authority in use is the one in the folder, as far as is known. */
  #isKept = false;
  /** Whether it is time to look at the folder again. */
  #isStale = true;
  #problems: readonly Problem[] = [];
  #busy: Promise<void> | undefined;
  #isStopped = false;
  #checking: Timer;
  /** Pending while the folder is left alone after a failure. */
  #retry: Timer | undefined;

  constructor(parts: CertificateStoreParts, folder: string) {
    this.#parts = parts;
    this.#folder = folder;
    this.#checking = this.#plan();
  }

  want(names: ReadonlySet<string>): void {
    this.#wanted = names;
    this.#work();
  }

  has(name: string): boolean {
    return this.#issued.has(name);
  }

  certificates(): readonly CertificateSpec[] {
    return this.#certificates;
  }

  problems(): readonly Problem[] {
    return this.#problems;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#checking.cancel();
    this.#retry?.cancel();
    await this.#busy;
  }

  #plan(): Timer {
    return this.#parts.clock.after(checkMs, () => {
      this.#checking = this.#plan();
      this.#isStale = true;
      this.#drop();
      this.#work();
    });
  }

  /** Makes what is missing or expires soon, one batch after the other; also while the folder can't be used. */
  #work(): void {
    if (this.#busy || this.#isStopped) return;
    const usesFolder = this.#retry === undefined;
    const due = usesFolder || this.#authority ? firstOf(this.#due()) : [];
    const hasToKeep = this.#isStale || !this.#isKept || this.#unkept.size > 0;
    if (due.length === 0 && !(usesFolder && hasToKeep)) return;
    this.#busy = this.#make(due, usesFolder).then(
      () => this.#made(usesFolder ? undefined : this.#problems[0], usesFolder),
      (error: unknown) => this.#made(this.#problemOf(error), true),
    );
  }

  #made(problem: Problem | undefined, usedFolder: boolean): void {
    this.#busy = undefined;
    if (this.#isStopped) return;
    if (usedFolder) this.#tell(problem);
    if (problem && usedFolder) {
      this.#retry ??= this.#parts.clock.after(retryMs, () => {
        this.#retry = undefined;
        this.#work();
      });
    }
    this.#work();
  }

  #tell(problem: Problem | undefined): void {
    const before = this.#problems;
    this.#problems = [...(problem ? [problem] : []), ...this.#ending()];
    if (before.map(problemKey).join() !== this.#problems.map(problemKey).join()) this.#parts.onChange();
  }

  /** The problem of an authority that is about to expire, and all of its certificates with it. */
  #ending(): Problem[] {
    const end = this.#authority && new X509Certificate(this.#authority.certificate).validToDate;
    if (!end || end.getTime() - this.#parts.clock.wallMs() > endingMs) return [];
    return [
      {
        code: 'certificate-expiring',
        subject: printable(join(this.#folder, 'ca.crt'), 400),
        message: `the authority expires on ${day(end)}, and all certificates of names with it`,
        fix: 'Move it and its key away: a new one is made, which clients have to trust anew.',
      },
    ];
  }

  #due(): string[] {
    const nowMs = this.#parts.clock.wallMs();
    return [...this.#wanted].filter((name) => {
      const known = this.#issued.get(name);
      if (known) known.wantedAtMs = nowMs;
      // The clock may have been wrong when it was made.
      return !known || known.renewAtMs <= nowMs || known.validFromMs > nowMs;
    });
  }

  #drop(): void {
    const nowMs = this.#parts.clock.wallMs();
    const before = this.#issued.size;
    for (const [name, one] of this.#issued) {
      if (this.#wanted.has(name)) one.wantedAtMs = nowMs;
      else if (nowMs - one.wantedAtMs > keptMs) this.#issued.delete(name);
    }
    if (this.#issued.size !== before) this.#changed();
  }

  #changed(): void {
    this.#certificates = [...this.#issued]
      // The first one is for clients that ask for no name.
      .toSorted(([a], [b]) => Number(b === indexName) - Number(a === indexName) || (a < b ? -1 : 1))
      .map(([, { spec }]) => spec);
    this.#parts.onChange();
  }

  /** Certificates, and the authority, are in use before they are on the disk, also where they can't be kept. */
  async #make(names: readonly string[], usesFolder: boolean): Promise<void> {
    const now = new Date(this.#parts.clock.wallMs());
    const authority = usesFolder || !this.#authority ? await this.#currentAuthority(now) : this.#authority;
    const isStale = usesFolder && this.#isStale;
    if (usesFolder) this.#isStale = false;
    const keeping = usesFolder && !this.#isKept ? keepAuthority(this.#folder, authority) : undefined;
    await Promise.allSettled([keeping]);
    const made = await Promise.all(names.map((name) => this.#issue(name, authority, now, usesFolder)));
    for (const [name, one] of made) this.#issued.set(name, one);
    if (names.length > 0) this.#changed();
    await keeping;
    if (!usesFolder) return;
    this.#isKept = true;
    await Promise.all([...this.#unkept].slice(0, batch).map(([name, pair]) => this.#keep(name, pair)));
    if (isStale) await sweepKept(this.#folder, [...this.#wanted, ...this.#issued.keys()], now.getTime());
  }

  async #keep(name: string, pair: PemPair): Promise<void> {
    await keepPair(this.#folder, name, pair);
    if (this.#unkept.get(name) === pair) this.#unkept.delete(name);
  }

  /** The authority in the folder goes before the one in use, which stays where there is none. */
  async #currentAuthority(now: Date): Promise<PemPair> {
    const inUse = this.#authority;
    try {
      const found = (await readAuthority(this.#folder, now))?.pair;
      this.#isKept = found !== undefined;
      if (found && inUse && found.certificate !== inUse.certificate) {
        this.#unkept.clear();
        for (const one of this.#issued.values()) one.renewAtMs = 0;
      }
      return (this.#authority = found ?? inUse ?? (await createAuthority(ownerName(), now)));
    } catch (error) {
      if (error instanceof UnusableAuthority) this.#authority = undefined;
      throw error;
    }
  }

  async #issue(name: string, authority: PemPair, now: Date, usesFolder: boolean): Promise<[string, Issued]> {
    const nowMs = now.getTime();
    const period = { fromMs: nowMs, untilMs: nowMs + renewalMs };
    const kept = usesFolder ? await readKept(this.#folder, name, authority, period) : undefined;
    const pair = kept ?? (await createLeaf(authority, { names: [name], client: false }, now));
    const [found] = readCertificates([{ path: name, text: pair.certificate + pair.key }]).found;
    if (!found) throw new Error(`the certificate for ${printable(name)} can't be used`);
    if (!kept) this.#unkept.set(name, pair);
    const { spec, expiresAtMs } = found;
    const validFromMs = new X509Certificate(pair.certificate).validFromDate.getTime();
    // An authority that is about to expire makes none that lasts longer. With another authority, it is renewed at once.
    const isLast = expiresAtMs >= new X509Certificate(authority.certificate).validToDate.getTime();
    const renewAtMs = isLast ? Number.POSITIVE_INFINITY : expiresAtMs - renewalMs;
    return [name, { spec, validFromMs, renewAtMs, wantedAtMs: nowMs }];
  }

  #problemOf(error: unknown): Problem {
    const subject = printable(this.#folder, 400);
    if (error instanceof UnusableAuthority) {
      const [first = '', ...rest] = error.fix;
      const fix = `${first.toUpperCase()}${rest.join('')}; it is tried again by itself.`;
      return { code: 'certificate-unusable', subject, message: printable(error.what, 400), fix };
    }
    return {
      code: 'certificate-unusable',
      subject,
      message: printable(messageOf(error), 400),
      fix: 'Let Sealane write to that folder, mount a volume there, or name another with the setting names-ca; it is tried again by itself.',
    };
  }
}

/** The names of the next batch: the index has its certificate before a thousand others have theirs. */
function firstOf(due: readonly string[]): string[] {
  const first = due.includes(indexName) ? [indexName] : [];
  return [...first, ...due.filter((name) => name !== indexName)].slice(0, batch);
}
