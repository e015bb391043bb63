import { createAccessMemory } from '../../../src/relay/boundary/access-memory.ts';
import { openAccess } from '../../../src/relay/intake/access-policy.ts';
import { Counters, CounterWriter, createCounterMemory, overflowSlot } from '../../../src/relay/boundary/counters.ts';
import { Dispatcher, type DispatcherOptions } from '../../../src/relay/worker/dispatcher.ts';
import type { Driver } from '../../../src/relay/driver/driver.ts';
import type { DriverName } from '../../../src/relay/boundary/messages.ts';
import { createSocketMemory, OpenSockets } from '../../../src/relay/boundary/open-sockets.ts';
import type { PlaneTotals } from '../../../src/relay/plane/figures.ts';
import { createPlane, type Plane, type PlaneOptions } from '../../../src/relay/plane/plane.ts';
import type { ListenerStatus, SessionRecord } from '../../../src/relay/boundary/report.ts';
import type { RoutingTable } from '../../../src/relay/boundary/table.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Feed } from './feed.ts';

/**
 * The relay as the contract suites see it, so that the same tests run on a driver by itself (its dispatcher in the
 * test's own thread) and on the whole plane with its worker threads.
 */
export interface Rig extends AsyncDisposable {
  /** The upstreams that a dial failed to, as the control side learns of them. */
  readonly suspects: Feed<{ readonly key: string; readonly error: string }>;
  readonly records: Feed<SessionRecord>;
  readonly statuses: Feed<{ readonly key: string; readonly status: ListenerStatus }>;
  publish(table: RoutingTable): void;
  active(upstreamKey: string): number;
  bytes(upstreamKey: string): { readonly up: number; readonly down: number };
  totals(): PlaneTotals;
  drain(deadlineMs: number): Promise<void>;
  close(): Promise<void>;
}

export type CreateRig = () => Rig;

export interface DispatcherRig extends Rig {
  /** The codes of resource warnings, e.g. `EMFILE`. */
  readonly warnings: Feed<string>;
}

/** `stop` is called after the dispatcher was closed. */
export function dispatcherRig(
  createDriver: () => Driver,
  stop: () => void = () => {},
  options: Partial<DispatcherOptions> = {},
): DispatcherRig {
  const memory = createCounterMemory(1, 1_024);
  const counters = new Counters(memory);
  const slots = new Map<string, number>();
  const serviceSlots = new Map<string, number>();
  const records = new Feed<SessionRecord>();
  const statuses = new Feed<{ readonly key: string; readonly status: ListenerStatus }>();
  const suspects = new Feed<{ readonly key: string; readonly error: string }>();
  const warnings = new Feed<string>();
  const dispatcher = new Dispatcher(
    {
      driver: createDriver(),
      random: Math.random,
      counters: new CounterWriter(memory, 0),
      onRecord: (record) => records.push(record),
      onListener: (key, status) => statuses.push({ key, status }),
      onSuspect: (key, error) => suspects.push({ key, error }),
      onResourceWarning: ({ code }) => warnings.push(code),
      access: openAccess(createAccessMemory(1, Math.random), 0),
    },
    { reusePort: false, ...options },
  );
  const slotOf = (key: string): number => slots.get(key) ?? overflowSlot;
  let isClosed = false;
  const close = (): Promise<void> => {
    if (!isClosed) {
      dispatcher.close();
      stop();
    }
    isClosed = true;
    return Promise.resolve();
  };
  return {
    records,
    statuses,
    suspects,
    warnings,
    publish(table) {
      for (const { upstreams } of table.pools) {
        for (const { key } of upstreams) if (!slots.has(key)) slots.set(key, slots.size + 1);
      }
      for (const { service } of table.pools) {
        if (!serviceSlots.has(service)) serviceSlots.set(service, serviceSlots.size + 1);
      }
      dispatcher.apply(table, { upstreams: slots, services: serviceSlots });
    },
    active: (key) => counters.activeOf(slotOf(key)),
    bytes(key) {
      const { bytesUp, bytesDown } = counters.totalsOf(slotOf(key));
      return { up: bytesUp, down: bytesDown };
    },
    totals() {
      const { accepted, adopted, closed, ...refused } = counters.totals();
      return { accepted, held: counters.held, open: accepted + adopted - closed, refused };
    },
    drain: (deadlineMs) => new Promise((resolve) => dispatcher.drain(deadlineMs, resolve)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

export interface PlaneRig extends Rig {
  readonly plane: Plane;
  readonly log: Feed<string>;
}

/** `confirm`: what the engine says of addresses that only it proves; see AddressProof. */
export function planeRig(
  driver: DriverName,
  { confirm, ...options }: Partial<PlaneOptions> & { readonly confirm?: (run: string) => Promise<boolean> } = {},
): PlaneRig {
  const records = new Feed<SessionRecord>();
  const statuses = new Feed<{ readonly key: string; readonly status: ListenerStatus }>();
  const suspects = new Feed<{ readonly key: string; readonly error: string }>();
  const log = new Feed<string>();
  const plane = createPlane(
    {
      logger: createLogger({
        level: 'info',
        format: 'json',
        destination: { write: (line: string) => log.push(line) },
      }),
      onSessions(batch) {
        for (const record of batch) records.push(record);
      },
      onListener: (key, status) => statuses.push({ key, status }),
      onSuspect: (key, error) => suspects.push({ key, error }),
      ...(confirm && { confirm: ({ proof }) => confirm(proof?.kind === 'engine' ? proof.run : '') }),
    },
    { workers: 1, driver, ...options },
  );
  return {
    plane,
    log,
    records,
    statuses,
    suspects,
    publish: (table) => plane.publish(table),
    active: (key) => plane.activeSessions(key),
    bytes(key) {
      const totals = plane.counters.upstream(key);
      return { up: totals?.bytesUp ?? 0, down: totals?.bytesDown ?? 0 };
    },
    totals: () => plane.counters.totals(),
    drain: (deadlineMs) => plane.drain(deadlineMs),
    close: () => plane.close(),
    [Symbol.asyncDispose]: () => plane.close(),
  };
}

/** A budget for a driver that may have so many sockets. */
export function roomFor(sockets: number): OpenSockets {
  return new OpenSockets(createSocketMemory(1, sockets));
}

/** Publishes a table, waits until the first listener is bound, and returns its port. */
export async function publishAndBind(rig: Rig, table: RoutingTable): Promise<number> {
  const key = table.listeners[0]?.key;
  rig.publish(table);
  const { status } = await rig.statuses.find((event) => event.key === key && event.status.kind === 'listening');
  return status.kind === 'listening' ? status.port : 0;
}

/** Waits until the condition holds; it polls often, since shared counters have no event. */
export async function until(condition: () => boolean | undefined, timeoutMs = 30_000, everyMs = 2): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !condition();) {
    if (performance.now() > deadline) throw new Error(`never came true: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** The same for what the kernel's list of sockets tells: each look at it takes the processor for about 10 ms. */
export function untilKernel(condition: () => boolean): Promise<void> {
  return until(condition, undefined, 50);
}
