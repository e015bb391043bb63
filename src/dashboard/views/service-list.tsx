import { signal } from '@preact/signals';
import type { ApiService, ApiUpstream } from '../../admin/schema.ts';
import { countStates, selectServices, type Order, type StateFilter, type Wanted } from '../data/selection.ts';
import { liveOf, services, status } from '../data/store.ts';
import { clientAddresses } from '../../text/client-addresses.ts';
import { countFailures, describeFailures } from '../../text/failures.ts';
import { count, plural, rate } from '../format.ts';
import { toHash } from '../place.ts';
import { lastPage, pageOf, Pager } from '../parts/pager.tsx';
import { Mark } from '../parts/state.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';

/** The list of all services: searched, filtered, in pages. The selection is kept while another view is open. */
const wanted = signal<Wanted>({ search: '', state: 'all', order: 'state' });
const page = signal(0);
const columns: readonly TableColumn[] = [
  { title: 'Service' },
  { title: 'Listens on' },
  { title: 'Upstreams' },
  { title: 'Connections', kind: 'number' },
  { title: 'Throughput', kind: 'number' },
];

function want(change: Partial<Wanted>): void {
  wanted.value = { ...wanted.value, ...change };
  page.value = 0;
}

export function ServiceList() {
  const all = services.value;
  if (all.size === 0) return <NoServices />;
  const found = selectServices(all.values(), wanted.value, liveOf);
  const shown = Math.min(page.value, lastPage(found.length));
  return (
    <section class="card" aria-label="Services">
      <Toolbar found={found.length} />
      {found.length === 0 ? (
        <p class="empty">
          No service fits.{' '}
          <button type="button" class="as-link" onClick={() => want({ search: '', state: 'all' })}>
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

function Toolbar({ found }: { readonly found: number }) {
  const { attention, all } = countStates(services.value.values());
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

function Row({ service }: { readonly service: ApiService }) {
  const { name, state, reason, routes, upstreams, failures } = service;
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
            {state !== 'up' && <p class="reason">{reason}</p>}
            {failed > 0 && <p class="failed">{describeFailures(failures)}</p>}
          </div>
        </div>
      </th>
      <td role="cell" class="mono listens">
        {routes.map((route) => (
          <span key={`${route.listen} ${route.selectors.join()}`} class={route.open ? '' : 'closed'}>
            {clientAddresses(route).join(', ')}
            {route.selectors.length > 0 && <small> {route.selectors.join(', ')}</small>}
            {!route.open && <span class="unseen"> (not open)</span>}
          </span>
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
  const docker = status.value?.engine.state !== 'none';
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
