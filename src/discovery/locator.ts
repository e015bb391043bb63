import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Engine } from '../docker/engine.ts';
import type { Vantage } from '../docker/facts.ts';
import { determineVantage, readIdentityInputs, type IdentityInputs } from '../docker/identity/identity.ts';
import { printable } from '../text/printable.ts';
import { createResolver, type Resolver, type ResolverParts } from './resolver.ts';

/**
 * Owns Sealane's vantage: determines it when asked to, and keeps the name of the engine's host resolved, where containers
 * are reached through the ports that it publishes.
 */
export interface LocatorParts extends Omit<ResolverParts, 'onChange'> {
  readonly engine: Engine;
  /** The vantage is another one, or may be. */
  readonly onChange: () => void;
  /** Reads the traces of Sealane's own container; from this machine unless given. */
  readonly identity?: () => Promise<IdentityInputs>;
}

export class Locator {
  readonly #engine: Engine;
  readonly #identity: () => Promise<IdentityInputs>;
  readonly #onChange: () => void;
  readonly #resolver: Resolver;
  /** Settles once the name of the engine's host was looked up, or the locator is stopped. */
  #lookup = Promise.withResolvers<void>();
  #located: Vantage | undefined;
  #vantage: Vantage | undefined;
  /** The containers whose networks are Sealane's own. */
  #ownIds: ReadonlySet<string> = new Set();

  constructor(parts: LocatorParts, selfId: string | undefined) {
    const { engine, identity, onChange, ...resolving } = parts;
    this.#engine = engine;
    this.#identity = identity ?? (() => readIdentityInputs(engine.endpoint, selfId));
    this.#onChange = onChange;
    this.#resolver = createResolver({ ...resolving, onChange: () => this.#onLookup() });
  }

  /** Undefined until it was determined; the same object until it changes. */
  get vantage(): Vantage | undefined {
    return this.#vantage;
  }

  /** Whether the container's networks are Sealane's own. */
  isOwn(containerId: string): boolean {
    return this.#ownIds.has(containerId);
  }

  /** Resolves to a remark for the user, if there is one. Rejects with an `EngineError` when a call to the engine fails. */
  async locate(signal: AbortSignal): Promise<string | undefined> {
    const located = await determineVantage(this.#engine, await this.#identity(), signal);
    if (signal.aborted) return undefined;
    this.#ownIds = new Set(located.networkOwners);
    this.#located = located.vantage;
    const name = nameIn(located.vantage);
    this.#resolver.watch(name === undefined ? [] : [name]);
    if (name !== undefined && this.#isPending(name)) await this.#lookup.promise;
    if (signal.aborted) return undefined;
    this.#update();
    return located.note ?? this.#failureOf(name);
  }

  stop(): void {
    this.#resolver.stop();
    this.#lookup.resolve();
  }

  #onLookup(): void {
    this.#lookup.resolve();
    this.#lookup = Promise.withResolvers();
    // The first lookup belongs to `locate`, which waits for it.
    if (this.#vantage) this.#update();
  }

  #update(): void {
    const next = this.#located && this.#withAddresses(this.#located);
    if (isDeepStrictEqual(next, this.#vantage)) return;
    this.#vantage = next;
    this.#onChange();
  }

  #withAddresses(vantage: Vantage): Vantage {
    const name = nameIn(vantage);
    if (name === undefined || vantage.reach.kind !== 'published') return vantage;
    const resolution = this.#resolver.resolutions().get(name);
    const addresses = resolution?.kind === 'resolved' ? resolution.addresses : [];
    return { ...vantage, reach: { ...vantage.reach, addresses } };
  }

  #isPending(name: string): boolean {
    return this.#resolver.resolutions().get(name)?.kind === 'pending';
  }

  #failureOf(name: string | undefined): string | undefined {
    const resolution = name === undefined ? undefined : this.#resolver.resolutions().get(name);
    if (resolution?.kind !== 'failed') return undefined;
    return `the name of the engine's host, ${printable(name ?? '')}, cannot be resolved (${resolution.reason})`;
  }
}

/** The name of the engine's host, where containers are reached through it and it is no address. */
function nameIn({ reach }: Vantage): string | undefined {
  return reach.kind === 'published' && isIP(reach.host) === 0 ? reach.host : undefined;
}
