import { signal } from '@preact/signals';
import type { ApiRoute, ApiService, ApiUpstream } from '../../admin/schema.ts';
import {
  countStates,
  inProject,
  projectsOf,
  selectServices,
  type Order,
  type StateFilter,
  type Wanted,
} from '../data/selection.ts';
import { liveOf, services, status } from '../data/store.ts';
import { countFailures, describeFailures } from '../../text/failures.ts';
import { count, plural, rate } from '../format.ts';
import { place } from '../location.ts';
import { toHash } from '../place.ts';
import { Addresses } from '../parts/addresses.tsx';
import { lastPage, pageOf, Pager } from '../parts/pager.tsx';
import { Mark } from '../parts/state.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';

/** The list of all services: searched, filtered, in pages. The selection is kept while another view is open. */
const wanted = signal<Omit<Wanted, 'project'>>({ search: '', state: 'all', order: 'state' });
const page = signal(0);
const columns: readonly TableColumn[] = [
  { title: 'Service' },
  { title: 'Listens on' },
  { title: 'Upstreams' },
  { title: 'Connections', kind: 'number' },
  { title: 'Throughput', kind: 'number' },
];

function want(change: Partial<typeof wanted.value>): void {
  wanted.value = { ...wanted.value, ...change };
  page.value = 0;
}

function showAll(): void {
  want({ search: '', state: 'all' });
  openProject(undefined);
}

/** The address bar keeps the project, so that a link or a reload shows it again. */
function openProject(project: string | undefined): void {
  page.value = 0;
  location.hash = toHash(project === undefined ? { kind: 'services' } : { kind: 'services', project });
}

export function ServiceList() {
  const all = services.value;
  if (all.size === 0) return <NoServices />;
  const now = place.value;
  const project = now.kind === 'services' ? now.project : undefined;
  const found = selectServices(all.values(), { ...wanted.value, project }, liveOf);
  const shown = Math.min(page.value, lastPage(found.length));
  return (
    <section class="card" aria-label="Services">
      <Toolbar found={found.length} project={project} />
      {found.length === 0 ? (
        <p class="empty">
          No service fits.{' '}
          <button type="button" class="as-link" onClick={showAll}>
            Show all {count(all.size)}
          </button>
        </p>
      ) : (
        <Table class="services" columns={columns}>
          {pageOf(found, shown).map((service) => (
            <Row key={service.name} service={service} />
          ))}
        </Table>
      )}
      <Pager page={shown} total={found.length} what="services" go={(to) => (page.value = to)} />
    </section>
  );
}

function Toolbar({ found, project }: { readonly found: number; readonly project: string | undefined }) {
  const { attention, all } = countStates(inProject(services.value.values(), project));
  const { search, state, order } = wanted.value;
  const filters: readonly [StateFilter, string, number][] = [
    ['all', 'All', all],
    ['attention', 'Need attention', attention],
  ];
  return (
    <div class="toolbar" role="search">
      <input
        type="search"
        placeholder="Search name, port, container…"
        aria-label="Search services"
        value={search}
        onInput={(event) => want({ search: event.currentTarget.value })}
      />
      <div class="segments" role="group" aria-label="Filter by state">
        {filters.map(([value, label, amount]) => (
          <button key={value} type="button" aria-pressed={state === value} onClick={() => want({ state: value })}>
            {label} <span class="amount">{count(amount)}</span>
          </button>
        ))}
      </div>
      <Projects chosen={project} />
      <label class="order">
        <span>Order</span>
        <select value={order} onChange={(event) => want({ order: event.currentTarget.value as Order })}>
          <option value="state">attention first</option>
          <option value="name">by name</option>
          <option value="sessions">most connections</option>
          <option value="traffic">most traffic</option>
        </select>
      </label>
      <span class="unseen" role="status">
        {plural(found, 'service')} shown
      </span>
    </div>
  );
}

/** Offered where services carry more than one project, or where the address bar names one. */
function Projects({ chosen }: { readonly chosen: string | undefined }) {
  const names = projectsOf(services.value.values());
  if (names.length < 2 && chosen === undefined) return null;
  const offered = chosen === undefined || names.includes(chosen) ? names : [...names, chosen];
  const change = (value: string): void => openProject(value === 'all' ? undefined : value.slice(1));
  return (
    <label class="order">
      <span>Project</span>
      <select
        value={chosen === undefined ? 'all' : `/${chosen}`}
        onChange={(event) => change(event.currentTarget.value)}
      >
        <option value="all">all</option>
        {offered.map((name) => (
          <option key={name} value={`/${name}`}>
            {name === '' ? 'none' : name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Row({ service }: { readonly service: ApiService }) {
  const { name, state, routes, upstreams, failures } = service;
  const failed = countFailures(failures);
  const live = liveOf(name);
  const slash = name.lastIndexOf('/');
  return (
    <tr role="row" class={`is-${state}`}>
      <th role="rowheader" scope="row">
        <div class="name">
          <Mark state={state} />
          <div>
            <a class="row-link" href={toHash({ kind: 'service', name })}>
              <span class="project">{name.slice(0, slash + 1)}</span>
              {name.slice(slash + 1)}
            </a>
            <span class="unseen">, {state}</span>
            {state !== 'up' && <Reason service={service} />}
            {failed > 0 && <p class="failed">{describeFailures(failures)}</p>}
          </div>
        </div>
      </th>
      <td role="cell" class="listens">
        {routes.map((route) => (
          <div key={`${route.listen} ${route.selectors.join()}`}>
            <Addresses route={route} />
            <Selectors route={route} />
            {!route.open && <span class="unseen"> (not open)</span>}
          </div>
        ))}
      </td>
      <td role="cell">
        <Pips upstreams={upstreams} />
      </td>
      <td role="cell" class="number">
        {count(live.active)} <span class="unit">open</span>
        {live.held > 0 && <p class="held">{count(live.held)} held</p>}
      </td>
      <td role="cell" class="number">
        {live.up + live.down === 0 ? <span class="quiet">idle</span> : rate(live.up + live.down)}
      </td>
    </tr>
  );
}

/** Where all is served in spite of a problem, the problem is the reason. */
function Reason({ service }: { readonly service: ApiService }) {
  const { reason, problems, routes, upstreams, lingersUntil } = service;
  const [first] = problems;
  const isServed = routes.every(({ open }) => open) && upstreams.every(({ state }) => state === 'ready');
  if (!first || !isServed || upstreams.length === 0 || lingersUntil !== null) return <p class="reason">{reason}</p>;
  const others = problems.length - 1;
  return (
    <p class="reason">
      {first.subject}: {first.message}
      {others > 0 && ` (and ${plural(others, 'other problem')})`}
    </p>
  );
}

/** A host is in its link already. */
function Selectors({ route: { selectors, web, open } }: { readonly route: ApiRoute }) {
  const linked = new Set(open ? web.map(({ host }) => `host ${host}`) : []);
  const others = selectors.filter((selector) => !linked.has(selector));
  return others.length === 0 ? null : <small>{others.join(', ')}</small>;
}

/** Beyond this many upstreams a row shows their number, not a mark for each. */
const pipsAtMost = 10;

function Pips({ upstreams }: { readonly upstreams: readonly ApiUpstream[] }) {
  const ready = upstreams.filter(({ state }) => state === 'ready').length;
  return (
    <span class="pips">
      {upstreams.length <= pipsAtMost && upstreams.map(({ key, state }) => <i key={key} class={`pip is-${state}`} />)}
      <span>{upstreams.length === 0 ? 'none' : `${count(ready)} of ${count(upstreams.length)} ready`}</span>
    </span>
  );
}

function NoServices() {
  const docker = status.value?.engines.length !== 0;
  return (
    <section class="card empty-start">
      <h2>{docker ? 'Label a container, and it is here' : 'No service is configured'}</h2>
      {docker ? (
        <>
          <p>
            Sealane watches the Docker engine. A container with these labels becomes a service the moment it starts:
          </p>
          <pre tabIndex={0} aria-label="Example">
            <code>{'docker run --label sealane.listen=8080 --label sealane.port=80 nginx'}</code>
          </pre>
        </>
      ) : (
        <p>
          Add a service to the file that <code>--config</code> names; it is read again when it changes.
        </p>
      )}
    </section>
  );
}
