import { countFailures, describeFailures } from '../../text/failures.ts';
import type { ApiService } from '../../admin/schema.ts';
import { connection, eventLines, history, liveOf, services, tick } from '../data/store.ts';
import { count, duration, latency } from '../format.ts';
import { formatBytes } from '../../text/sizes.ts';
import { servicesPlace } from '../location.ts';
import { toHash } from '../place.ts';
import { Addresses } from '../parts/addresses.tsx';
import { Ago } from '../parts/ago.tsx';
import { EventList } from '../parts/event-list.tsx';
import { Mark } from '../parts/state.tsx';
import { TrafficCharts } from '../parts/traffic-charts.tsx';
import { useFresh } from '../parts/use-fresh.ts';
import { Upstreams } from './upstreams.tsx';
import { Why } from './why.tsx';

/** The page of one service: whether clients reach it, why not, and what each of its upstreams does. */
const eventsShown = 30;

export function ServiceView({ name }: { readonly name: string }) {
  const service = services.value.get(name);
  useFresh(name);
  if (!service) return <Missing name={name} />;
  const events = eventLines.value.filter((line) => line.service === name).slice(0, eventsShown);
  return (
    <div class="service">
      <a class="back" href={toHash(servicesPlace.value)}>
        All services
      </a>
      <header class="headline">
        <Mark state={service.state} />
        <div>
          <h1 tabIndex={-1}>{name}</h1>
          <p class="facts">
            <span class={`is-${service.state}`}>
              <b>{service.state}</b>
            </span>
            <span>{service.reason}</span>
          </p>
        </div>
      </header>
      <Why service={service} />
      <Upstreams service={service} />
      <Traffic service={service} />
      <div class="pair">
        <section class="card" aria-labelledby="its-events">
          <header class="card-head">
            <h2 id="its-events">Events</h2>
          </header>
          <EventList lines={events} withService={false} />
        </section>
        <Declared service={service} />
      </div>
    </div>
  );
}

function Missing({ name }: { readonly name: string }) {
  return (
    <div class="service">
      <a class="back" href={toHash(servicesPlace.value)}>
        All services
      </a>
      <header class="headline">
        <Mark state="down" />
        <div>
          <h1 tabIndex={-1}>{name}</h1>
          <p class="facts">
            <span>
              {connection.value.kind === 'live'
                ? 'There is no such service now. It is back here when a container declares it.'
                : 'Not known yet.'}
            </span>
          </p>
        </div>
      </header>
    </div>
  );
}

function Traffic({ service }: { readonly service: ApiService }) {
  void tick.value;
  const { active, held } = liveOf(service.name);
  const { traffic, failures } = service;
  const failed = countFailures(failures);
  return (
    <section class="card" aria-labelledby="its-traffic">
      <header class="card-head">
        <h2 id="its-traffic">Traffic</h2>
        <a href={toHash({ kind: 'sessions', service: service.name })}>{count(active + held)} live sessions</a>
      </header>
      <TrafficCharts columns={history.columns(service.name)} held={held} />
      <dl class="figures">
        <Figure name="Sessions since the start" value={count(traffic.sessions)} />
        <Figure name="Failed since the start" value={failed === 0 ? '0' : describeFailures(failures)} />
        <Figure name="To clients" value={formatBytes(traffic.bytesDown)} />
        <Figure name="From clients" value={formatBytes(traffic.bytesUp)} />
        <Figure name="Failed dials" value={count(traffic.dialFailures)} />
        <Figure name="Retried" value={count(traffic.retries)} />
      </dl>
    </section>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Declared({ service }: { readonly service: ApiService }) {
  const { routes, declaredBy, balance, prefer, holdMs, connectTimeoutMs, idleTimeoutMs, lingersUntil } = service;
  return (
    <section class="card" aria-labelledby="its-declaration">
      <header class="card-head">
        <h2 id="its-declaration">As declared</h2>
      </header>
      <dl class="declared">
        <div>
          <dt>Listens on</dt>
          {routes.map((route) => (
            <dd key={`${route.listen} ${route.selectors.join()}`}>
              <Addresses route={route} /> {route.selectors.join(', ')}
              {!route.open && <b class="is-unhealthy"> not open{route.reason === null ? '' : `: ${route.reason}`}</b>}
            </dd>
          ))}
          {routes.some(({ selectors }) => selectors.length > 0) && (
            <dd>
              A connection stays with the name that its client asks for first, also when it is reused for another.
            </dd>
          )}
        </div>
        <div>
          <dt>Declared by</dt>
          <dd>{declaredBy.length === 0 ? 'no container any more' : declaredBy.join(', ')}</dd>
          {lingersUntil !== null && (
            <dd>
              its port stays open for another <Ago at={lingersUntil} />
            </dd>
          )}
        </div>
        <Figure name="Balancing" value={prefer === 'local' ? `${balance}, local first` : balance} />
        <Figure name="Clients wait up to" value={duration(holdMs)} />
        <Figure name="Dial timeout" value={latency(connectTimeoutMs)} />
        <Figure name="Idle timeout" value={idleTimeoutMs === null ? 'none' : duration(idleTimeoutMs)} />
      </dl>
    </section>
  );
}
