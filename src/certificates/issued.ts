import type { Problem } from '../catalog/problem.ts';
import type { CertificateSpec } from '../relay/boundary/table.ts';
import { messageOf } from '../text/message-of.ts';
import { printable } from '../text/printable.ts';
import type { Timer } from '../time/clock.ts';
import { createLeaf, type PemPair } from './authority.ts';
import { ownerName } from './authority-place.ts';
import { keepPair, readKept } from './kept-pairs.ts';
import { openAuthority } from './pem-files.ts';
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
  readonly renewAtMs: number;
  wantedAtMs: number;
}

const dayMs = 24 * 3_600_000;
const renewalMs = 30 * dayMs;
const checkMs = 3_600_000;
/** How long a certificate stays in use whose name is gone, e.g. while its container is recreated. */
const keptMs = 3_600_000;
const retryMs = 5_000;
/** So many are made at once; each takes 2 ms of a processor. */
const batch = 8;

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
  #problem: Problem | undefined;
  #busy: Promise<void> | undefined;
  #isStopped = false;
  #checking: Timer;
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
    return this.#problem ? [this.#problem] : [];
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
      this.#drop();
      this.#work();
    });
  }

  /** Makes what is missing or expires soon, one batch after the other. */
  #work(): void {
    if (this.#busy || this.#isStopped || this.#retry) return;
    const due = this.#due().slice(0, batch);
    if (due.length === 0 && this.#unkept.size === 0) return;
    this.#busy = this.#make(due).then(
      () => this.#made(undefined),
      (error: unknown) => this.#made(this.#problemOf(messageOf(error))),
    );
  }

  #made(problem: Problem | undefined): void {
    this.#busy = undefined;
    if (this.#isStopped) return;
    const isNew = problem?.message !== this.#problem?.message;
    this.#problem = problem;
    if (isNew) this.#parts.onChange();
    if (!problem) return this.#work();
    this.#retry = this.#parts.clock.after(retryMs, () => {
      this.#retry = undefined;
      this.#work();
    });
  }

  #due(): string[] {
    const nowMs = this.#parts.clock.wallMs();
    return [...this.#wanted].filter((name) => {
      const known = this.#issued.get(name);
      if (known) known.wantedAtMs = nowMs;
      return !known || known.renewAtMs <= nowMs;
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
      .toSorted(([a], [b]) => Number(b === 'localhost') - Number(a === 'localhost') || (a < b ? -1 : 1))
      .map(([, { spec }]) => spec);
    this.#parts.onChange();
  }

  /** A certificate is in use before it is on the disk, also where it can't be kept. */
  async #make(names: readonly string[]): Promise<void> {
    const now = new Date(this.#parts.clock.wallMs());
    this.#authority ??= (await openAuthority(this.#folder, ownerName(), now)).pair;
    const authority = this.#authority;
    await Promise.all(names.map((name) => this.#issue(name, authority, now)));
    if (names.length > 0) this.#changed();
    for (const [name, pair] of this.#unkept) {
      await keepPair(this.#folder, name, pair);
      this.#unkept.delete(name);
    }
  }

  async #issue(name: string, authority: PemPair, now: Date): Promise<void> {
    const nowMs = now.getTime();
    const kept = await readKept(this.#folder, name, authority, nowMs + renewalMs);
    const pair = kept ?? (await createLeaf(authority, { names: [name], client: false }, now));
    const [found] = readCertificates([{ path: name, text: pair.certificate + pair.key }]).found;
    if (!found) throw new Error(`the certificate for ${printable(name)} can't be used`);
    if (!kept) this.#unkept.set(name, pair);
    const { spec, expiresAtMs } = found;
    // An authority that is about to expire makes no certificate that lasts longer.
    const renewAtMs = Math.max(expiresAtMs - renewalMs, nowMs + checkMs);
    this.#issued.set(name, { spec, renewAtMs, wantedAtMs: nowMs });
  }

  #problemOf(message: string): Problem {
    return {
      code: 'certificate-unusable',
      subject: printable(this.#folder, 400),
      message: printable(message, 400),
      fix: 'Let Sealane write to that folder, mount a volume there, or name another with the setting names-ca; it is tried again by itself.',
    };
  }
}
