type Values<Field extends string> = Readonly<Record<Field, number>>;

/**
 * Decides which services have series of their own, and sums up the others. A counter must never fall
 * (https://prometheus.io/docs/concepts/metric_types/#counter), but services come and go: so the sum of the others grows
 * by what each of them counted since the last read, and keeps what services that left had counted.
 */
export class ServiceSeries<Field extends string> {
  readonly #valuesOf: (service: string) => Values<Field>;
  readonly #fields: { readonly counters: readonly Field[]; readonly gauges: readonly Field[] };
  readonly #most: number;
  readonly #named = new Set<string>();
  /**
   * What each service has added to the sum; kept for services that are gone while the relay still has their figures.
   */
  readonly #others = new Map<string, Values<Field>>();
  readonly #none: Values<Field>;
  #sum: Values<Field> | undefined;

  constructor(
    valuesOf: (service: string) => Values<Field>,
    most: number,
    fields: { readonly counters: readonly Field[]; readonly gauges: readonly Field[] },
  ) {
    this.#valuesOf = valuesOf;
    this.#most = most;
    this.#fields = fields;
    const all = [...fields.counters, ...fields.gauges];
    this.#none = Object.fromEntries(all.map((field) => [field, 0])) as Values<Field>;
  }

  /** `others` exists once there were more services than may have series. */
  read(services: ReadonlyMap<string, unknown>): {
    readonly named: readonly (readonly [service: string, Values<Field>])[];
    readonly others: Values<Field> | undefined;
  } {
    this.#place(services);
    const named = [...services.keys()].flatMap((name) =>
      this.#named.has(name) ? [[name, this.#valuesOf(name)] as const] : [],
    );
    return { named, others: this.#addUp(services) };
  }

  #place(services: ReadonlyMap<string, unknown>): void {
    for (const name of this.#named) {
      if (services.has(name)) continue;
      this.#named.delete(name);
      // A service that returns among the others must not add what it had counted under its own name again.
      if (this.#sum) this.#others.set(name, this.#valuesOf(name));
    }
    for (const name of services.keys()) {
      if (this.#named.has(name)) continue;
      if (this.#named.size < this.#most) {
        this.#named.add(name);
        this.#others.delete(name);
      } else {
        this.#sum ??= this.#none;
        if (!this.#others.has(name)) this.#others.set(name, this.#none);
      }
    }
  }

  #addUp(services: ReadonlyMap<string, unknown>): Values<Field> | undefined {
    if (!this.#sum) return undefined;
    const sum: Record<Field, number> = { ...this.#sum };
    const { counters, gauges } = this.#fields;
    for (const field of gauges) sum[field] = 0;
    for (const [name, before] of this.#others) {
      const now = this.#valuesOf(name);
      for (const field of gauges) sum[field] += now[field];
      // A value below the last one means that the counters were released and began anew.
      for (const field of counters) sum[field] += now[field] < before[field] ? now[field] : now[field] - before[field];
      if (services.has(name) || counters.some((field) => now[field] > 0)) this.#others.set(name, now);
      else this.#others.delete(name);
    }
    this.#sum = sum;
    return sum;
  }
}
