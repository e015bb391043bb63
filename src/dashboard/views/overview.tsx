import type { ApiEngine } from '../../admin/status-schema.ts';
import { countStates } from '../data/selection.ts';
import { eventLines, history, problems, services, status, tick } from '../data/store.ts';
import { count, plural } from '../format.ts';
import { toHash } from '../place.ts';
import { Ago } from '../parts/ago.tsx';
import { EventList } from '../parts/event-list.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Mark } from '../parts/state.tsx';
import { TrafficCharts } from '../parts/traffic-charts.tsx';
import { ServiceList } from './service-list.tsx';

/** The first page: the state of all services, open problems, traffic, and the list of services. */
const problemsShown = 3;
const eventsShown = 40;

export function Overview() {
  return (
    <div class="overview">
      <div class="overview-main">
        <Headline />
        <Problems />
        {services.value.size > 0 && <Traffic />}
        <ServiceList />
        <NoNames />
      </div>
      <section class="card overview-events" aria-labelledby="latest-events">
        <header class="card-head">
          <h2 id="latest-events">Events</h2>
          <a href={toHash({ kind: 'events' })}>All events</a>
        </header>
        <EventList lines={eventLines.value.slice(0, eventsShown)} />
      </section>
    </div>
  );
}

function Headline() {
  const { all, attention, down, upstreams, readyUpstreams } = countStates(services.value.values());
  const problemCount = problems.value.length;
  const state = down > 0 ? 'down' : attention > 0 || problemCount > 0 ? 'degraded' : 'up';
  const now = status.value;
  return (
    <header class="headline">
      <Mark state={all === 0 ? 'starting' : state} />
      <div>
        <h1 tabIndex={-1}>{headlineOf(all, attention, problemCount)}</h1>
        <p class="facts">
          {upstreams > 0 && (
            <span>
              {count(readyUpstreams)} of {plural(upstreams, 'upstream')} ready
            </span>
          )}
          {now?.engines.length === 0 && <span>no engine</span>}
          {now?.engines.map((engine) => (
            <span key={engine.name}>
              <Engine engine={engine} />
            </span>
          ))}
          {now?.swarm && <span>{now.swarm.state === 'watched' ? now.swarm.text : <b>{now.swarm.text}</b>}</span>}
          <span>
            {now && (
              <>
                running for <Ago at={now.startedAt} />
              </>
            )}
          </span>
        </p>
      </div>
    </header>
  );
}

/** A problem may be of a service that is not there because of it. */
function headlineOf(all: number, attention: number, problemCount: number): string {
  if (all === 0) return 'No services yet';
  if (attention > 0)
    return `${count(attention)} of ${plural(all, 'service')} ${attention === 1 ? 'needs' : 'need'} attention`;
  const up = all === 1 ? 'The service is up' : `All ${count(all)} services are up`;
  return problemCount === 0 ? up : `${up}, ${plural(problemCount, 'problem')}`;
}

function Engine({ engine: { name, state, reason, joined } }: { readonly engine: ApiEngine }) {
  const text = `${name ?? 'engine'} ${state}${reason === null ? '' : `: ${reason}`}`;
  if (state !== 'connected') return <b class="is-unhealthy">{text}</b>;
  const all = joined.length === 0 ? text : `${text}, joined ${joined.join(', ')}`;
  return reason === null ? <>{all}</> : <b>{all}</b>;
}

function Problems() {
  const all = problems.value;
  if (all.length === 0) return null;
  return (
    <section class="card problems" aria-labelledby="open-problems">
      <header class="card-head">
        <h2 id="open-problems">{plural(all.length, 'problem')}</h2>
        {all.length > problemsShown && <a href={toHash({ kind: 'problems' })}>All problems</a>}
      </header>
      <ProblemList problems={all.slice(0, problemsShown)} folded />
    </section>
  );
}

/** The containers without labels that get no name, folded: most of them are databases. */
function NoNames() {
  const names = status.value?.names;
  if (!names || names.refusedTotal === 0) return null;
  const more = names.refusedTotal - names.refused.length;
  return (
    <details class="card no-names">
      <summary>{plural(names.refusedTotal, 'container')} without a name</summary>
      <ul>
        {names.refused.map(({ container, containerId, reason }) => (
          <li key={containerId}>
            <b>{container}</b> {reason}
          </li>
        ))}
        {more > 0 && <li>and {count(more)} more</li>}
      </ul>
    </details>
  );
}

function Traffic() {
  void tick.value;
  const held = history.live.values().reduce((sum, one) => sum + one.held, 0);
  return (
    <section class="card" aria-label="Traffic">
      <TrafficCharts columns={history.columns()} held={held} />
    </section>
  );
}
