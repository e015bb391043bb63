import { isDeepStrictEqual } from 'node:util';
import { newToken, type AccessRules } from '../admin/access.ts';
import { createAdminApp } from '../admin/app.ts';
import { createEventFeed } from '../admin/event-feed.ts';
import { keepServing, type KeptAdmin } from '../admin/keep-serving.ts';
import { createMetrics } from '../admin/metrics.ts';
import type { StatsEvent } from '../admin/schema.ts';
import { serveAdmin, serveAdminSocket } from '../admin/server.ts';
import type { AdminSource, EngineView, Readiness, UpstreamFigures } from '../admin/source.ts';
import { emptyCatalog, type Catalog } from '../catalog/catalog.ts';
import type { Change } from '../catalog/diff.ts';
import { formatAddress } from '../address/address.ts';
import type { Settings } from '../config/settings.ts';
import { version } from '../version.ts';
import { createExplainer, type Explainer, type ExplainerParts } from './explainer.ts';
import type { WatchObserver } from '../discovery/watcher.ts';
import type { Overrides } from '../reconcile/overrides.ts';
import type { SessionRecord } from '../relay/boundary/report.ts';
import { dialBucketsMs, quantileOf } from '../relay/boundary/timings.ts';
import { DiscoveryLag } from '../telemetry/discovery-lag.ts';
import type { Logger } from '../telemetry/logger.ts';
import { printable } from '../text/printable.ts';
import { LoopLag } from '../telemetry/loop-lag.ts';

/**
 * Part of the composition root: what is told to people and machines that look, and the doors they come in by.
 */
export interface Admin {
  readonly explainer: Explainer;
  readonly observer: WatchObserver;
  onSessions(records: readonly SessionRecord[], dropped: number): void;
  onPublished(): void;
  onCatalog(catalog: Catalog): void;
  onChanges(changes: readonly Change[]): void;
  serve(): Promise<void>;
  close(): Promise<void>;
}

export interface AdminParts extends ExplainerParts {
  readonly logger: Logger;
  readonly driver: string;
  readonly overrides: Overrides;
  readiness(): Readiness;
}

/** Events worth telling; others, such as each run of a HEALTHCHECK, are noise. */
const told =
  /^(?:start|die|kill|stop|pause|unpause|restart|rename|update|oom|destroy|connect|disconnect|health_status)\b/;

export function createAdmin(parts: AdminParts): Admin {
  const { clock, settings, plane, catalog, logger, overrides } = parts;
  const explainer = createExplainer(parts);
  const loopLag = new LoopLag(clock);
  const feed = createEventFeed({ clock, readStats: () => readStats(parts) });
  let followed = emptyCatalog;

  const source: AdminSource = {
    clock,
    facts: {
      version,
      startedAtMs: clock.wallMs(),
      driver: parts.driver,
      workers: settings.workers,
      engine: parts.engine === undefined ? undefined : printable(parts.engine.endpoint),
    },
    readiness: () => parts.readiness(),
    engine: () => viewEngine(parts),
    catalog,
    listeners: () => parts.listeners,
    totals: () => plane.counters.totals(),
    upstream: (key) => figuresOf(parts, key),
    service: (name) => plane.counters.service(name),
    look: (filter) => plane.look(filter),
    explain: (subject) => explainer.explain(subject),
    metrics: () => metrics.render(),
    feed,
    override: (key, change) => overrides.set(key, change),
    closeSessionsOf: (key) => plane.closeSessionsOf(key),
  };
  const metrics = createMetrics({
    ...source,
    refused: () => plane.counters.totals().refused,
    dials() {
      const { dialHistogram, dialMs } = plane.counters.all();
      return { boundsMs: dialBucketsMs, counts: dialHistogram, sumMs: dialMs };
    },
    lags: () => ({
      control: loopLag.lastMs,
      ...Object.fromEntries(plane.counters.lags().map((lagMs, worker) => [`relay-${worker}`, lagMs])),
    }),
  });
  const lag = new DiscoveryLag((lagMs) => metrics.onDiscovered(lagMs));
  const doors: KeptAdmin[] = [];

  return {
    explainer,
    observer: {
      heard(event, facts, matters) {
        if (matters) lag.heard(event.containerId, Number(event.timeNs) / 1e6);
        metrics.onEngineEvent(event.action);
        if (!told.test(event.action)) return;
        const name = printable(facts?.name ?? event.attributes['name'] ?? event.containerId.slice(0, 12));
        const what = event.type === 'network' ? `network ${event.action}` : event.action;
        feed.publish({
          source: 'engine',
          event: printable(event.action.split(':')[0] ?? event.action),
          level: 'info',
          message: `${name}: ${printable(what)}`,
          service: null,
          upstream: null,
          containerId: event.containerId,
        });
      },
      changed: (containerId) => lag.changed(containerId),
      settled: (containerId) => lag.settled(containerId),
    },
    onSessions: (records, dropped) => metrics.onSessions(records, dropped),
    onPublished: () => lag.published(clock.wallMs()),
    onCatalog(next) {
      lag.unchanged();
      if (feed.listeners > 0) feed.servicesChanged(differences(followed, next));
      followed = next;
    },
    onChanges(changes) {
      for (const { level, event, message, service, upstream } of changes) {
        const happening = { source: 'sealane', event, level, message, containerId: null } as const;
        feed.publish({ ...happening, service: service ?? null, upstream: upstream ?? null });
      }
    },
    async serve() {
      const { admin, 'admin-socket': socket } = settings;
      const parties = { clock, logger };
      if (admin !== 'off') {
        const rules = rulesOf(settings);
        const app = createAdminApp(source, rules);
        const door = await keepServing(
          {
            name: `admin address ${formatAddress(admin.host, admin.port)}`,
            serve: () => serveAdmin(app, admin),
            onServing({ port }) {
              if (settings['admin-token'] === undefined && rules.token !== undefined)
                tellLink(logger, admin.host, port, rules.token);
            },
          },
          parties,
        );
        doors.push(door);
      }
      if (socket !== undefined) {
        const app = createAdminApp(source, { token: undefined, names: [] });
        doors.push(
          await keepServing({ name: `admin socket ${socket}`, serve: () => serveAdminSocket(app, socket) }, parties),
        );
      }
    },
    async close() {
      feed.stop();
      loopLag.stop();
      await Promise.all(doors.map((door) => door.close()));
    },
  };
}

/** Beyond this machine's own address a token is needed, if one has to be made up. */
function rulesOf({ admin, 'admin-token': given, 'admin-names': names }: Settings): AccessRules {
  const isLocal = admin === 'off' || admin.host === '::1' || admin.host.startsWith('127.');
  return { token: given ?? (isLocal ? undefined : newToken()), names };
}

function tellLink(logger: Logger, host: string, port: number, token: string): void {
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  // The one secret that is ever logged: nobody else could tell it.
  logger.info({ event: 'admin-link' }, `dashboard: http://${formatAddress(shown, port)}/login?token=${token}`);
}

function viewEngine({ engine, snapshot }: AdminParts): EngineView {
  if (!engine) return { state: 'none', reason: undefined };
  const { status } = snapshot();
  if (status.kind === 'connected') return { state: 'connected', reason: undefined };
  return { state: status.kind, reason: status.reason === undefined ? undefined : printable(status.reason, 400) };
}

function figuresOf({ plane }: AdminParts, key: string): UpstreamFigures | undefined {
  const totals = plane.counters.upstream(key);
  const dials = plane.counters.dials(key);
  if (!totals || !dials) return undefined;
  return { ...totals, dialP50Ms: quantileOf(dials, 0.5), dialP99Ms: quantileOf(dials, 0.99) };
}

async function readStats({ clock, plane, catalog }: AdminParts): Promise<StatsEvent> {
  const look = await plane.look({ limit: 0 });
  const services: StatsEvent['services'] = {};
  for (const name of catalog().services.keys()) {
    const { active, sessions, bytesUp, bytesDown } = plane.counters.service(name);
    services[name] = { active, held: look.held.get(name) ?? 0, sessions, bytesUp, bytesDown };
  }
  const { accepted, open, held } = plane.counters.totals();
  return { at: new Date(clock.wallMs()).toISOString(), accepted, open, held, services };
}

function differences(
  before: Catalog,
  after: Catalog,
): { changed: string[]; removed: string[]; problemsChanged: boolean } {
  const changed = [...after.services].flatMap(([name, service]) =>
    before.services.get(name) === service ? [] : [name],
  );
  const removed = [...before.services.keys()].filter((name) => !after.services.has(name));
  return { changed, removed, problemsChanged: !isDeepStrictEqual(before.problems, after.problems) };
}
