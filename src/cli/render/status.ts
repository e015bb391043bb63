import type { ApiProblem, ApiService, ApiServices } from '../../admin/schema.ts';
import type { ApiEngine, ApiStatus } from '../../admin/status-schema.ts';
import { printable } from '../../text/printable.ts';
import { formatAge } from '../../text/age.ts';
import { listed } from '../../text/listed.ts';
import { clientAddresses } from '../../text/client-addresses.ts';
import { countFailures, describeFailures } from '../../text/failures.ts';
import { plural } from '../../text/plural.ts';
import { formatBytes, formatBytesNarrow } from '../../text/sizes.ts';
import { stateStyles, type Paint } from '../../text/paint.ts';
import { renderTable, type Cell, type Column } from './table.ts';

/**
 * Renders `sealane status` for people. Pure.
 */
export function renderStatus(
  { at, status, services }: ApiServices,
  problems: readonly ApiProblem[],
  paint: Paint,
): string {
  const table =
    services.length === 0
      ? ['no services yet: label a container with sealane.listen, or declare services in the configuration file']
      : renderTable(columns, services.map(rowOf), paint);
  const reasons = services.filter(({ state }) => state !== 'up').map((service) => reasonOf(service, paint));
  return [
    headline(status, Date.parse(at)),
    ...section(swapLines(services, Date.parse(at), paint)),
    '',
    ...table,
    ...section(reasons),
    ...section(sleepLines(status, services, Date.parse(at))),
    ...section(waysOf(services)),
    ...section(namesLines(status)),
    ...section(services.filter(({ failures }) => countFailures(failures) > 0).map(failuresOf)),
    ...section(problemLines(problems, paint)),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

export function headline(
  { version, startedAt, driver, workers, engines, swarm, open, held }: ApiStatus,
  nowMs: number,
): string {
  return [
    `sealane ${printable(version)}`,
    `up ${formatAge(nowMs - Date.parse(startedAt))}`,
    `${printable(driver)} driver, ${plural(workers, 'thread')}`,
    ...(engines.length === 0 ? ['no engine'] : engines.map(engineState)),
    ...(swarm === null ? [] : [printable(swarm.text, 400)]),
    `${plural(open, 'client')}, ${held} held`,
  ].join(' · ');
}

function engineState({ name, state, reason, joined }: ApiEngine): string {
  const called = name === null ? 'engine' : `engine ${printable(name)}`;
  // Why it is out of reach is told by a problem.
  return `${called} ${state}${reason === null || state !== 'connected' ? '' : ` (${printable(reason, 800)})`}${joinedInWords(joined)}`;
}

/** With the names, of which there are mostly few. */
function joinedInWords(joined: readonly string[]): string {
  return joined.length === 0 ? '' : `, joined ${printable(joined.join(', '), 200)}`;
}

const columns: readonly Column[] = [
  { title: 'SERVICE' },
  { title: 'LISTENS ON' },
  { title: 'STATE' },
  { title: 'READY', align: 'right' },
  { title: 'ACTIVE', align: 'right' },
  { title: 'HELD', align: 'right' },
  { title: 'SESSIONS', align: 'right' },
  { title: 'UP', align: 'right' },
  { title: 'DOWN', align: 'right' },
];

function rowOf(service: ApiService): Cell[] {
  const { name, state, upstreams, held, traffic } = service;
  return [
    { text: name, style: 'bold' },
    { text: listensOn(service) },
    { text: state, style: stateStyles[state] },
    { text: `${upstreams.filter((one) => one.state === 'ready').length}/${upstreams.length}` },
    { text: String(traffic.active) },
    { text: String(held), style: held > 0 ? 'yellow' : undefined },
    { text: String(traffic.sessions) },
    { text: formatBytesNarrow(traffic.bytesUp) },
    { text: formatBytesNarrow(traffic.bytesDown) },
  ];
}

/** The addresses where clients connect, each with the selectors of the route. */
export function listensOn({ routes }: ApiService): string {
  if (routes.length === 0) return '-';
  return routes
    .map((route) => {
      const { selectors, open } = route;
      return `${clientAddresses(route).join(', ')}${selectors.length === 0 ? '' : ` ${selectors.join(',')}`}${open ? '' : ' (closed)'}`;
    })
    .join(', ');
}

/** A line for each swap, before all else. */
function swapLines(services: readonly ApiService[], nowMs: number, paint: Paint): string[] {
  return swapsInWords(services, nowMs).map(
    ({ mark, words }) => `${paint(['inverse', 'yellow'], ` ${mark} `)} ${words}`,
  );
}

/** What must not be overlooked: clients of these services come to the process of an operator. */
export function swapsInWords(services: readonly ApiService[], nowMs: number): { mark: string; words: string }[] {
  return services.flatMap(({ standIns }) =>
    standIns.map(({ service, text, takenAt, serves }) => ({
      mark: serves ? 'SWAPPED' : 'WAITING',
      words: `${printable(service)} is ${printable(text, 400)}, begun ${formatAge(nowMs - Date.parse(takenAt))} ago`,
    })),
  );
}

function reasonOf({ name, state, reason }: ApiService, paint: Paint): string {
  return `${printable(name)} is ${paint(stateStyles[state] ?? 'red', state)}: ${printable(reason, 400)}`;
}

/** What is asleep, since when, and what that spares. */
function sleepLines({ sleep }: ApiStatus, services: readonly ApiService[], nowMs: number): string[] {
  if (sleep === null) return [];
  const asleep = services.flatMap(({ name, upstreams }) =>
    upstreams
      .filter(({ state }) => state === 'asleep')
      .map(
        (one) =>
          `${printable(one.name)} of ${printable(name)} has been asleep for ${formatAge(nowMs - Date.parse(one.since))}`,
      ),
  );
  const given = sleep.memoryBytes === 0 ? '' : `, ${formatBytes(sleep.memoryBytes)} of memory given back now`;
  const mean =
    sleep.wakes === 0
      ? ''
      : `, ${plural(sleep.wakes, 'wake')} of ${Math.round(sleep.wakeMs / sleep.wakes)} ms on average`;
  const more = asleep.length > mostAsleep ? [`and ${asleep.length - mostAsleep} more are asleep`] : [];
  return [...asleep.slice(0, mostAsleep), ...more, `slept ${formatAge(sleep.asleepMs)} in all${given}${mean}`];
}

const mostAsleep = 10;

/** A line for each reason for which services are reached through published ports. */
function waysOf(services: readonly ApiService[]): string[] {
  const byWay = new Map<string, Set<string>>();
  for (const { name, upstreams } of services) {
    for (const { way } of upstreams)
      if (way !== null) byWay.set(way, (byWay.get(way) ?? new Set()).add(printable(name)));
  }
  return [...byWay].map(([way, names]) => `through published ports, ${printable(way, 200)}: ${listed([...names])}`);
}

/** Where the names are listed, and which containers without labels get none. */
function namesLines({ names }: ApiStatus): string[] {
  if (!names) return [];
  const { template, listen, refused, refusedTotal } = names;
  const more = refusedTotal - refused.length;
  return [
    `names: ${printable(template, 200)} on ${listen.map((one) => printable(one)).join(', ')}`,
    ...refused.map(({ container, reason }) => `  no name for ${printable(container)}: ${printable(reason, 400)}`),
    ...(more > 0 ? [`  and for ${more} more`] : []),
  ];
}

function failuresOf({ name, failures }: ApiService): string {
  return `${printable(name)}: ${describeFailures(failures)} (sealane sessions --failed ${printable(name)})`;
}

/** Thousands of tasks may have one problem, with one fix. */
function problemLines(problems: readonly ApiProblem[], paint: Paint): string[] {
  return [...Map.groupBy(problems, ({ code, fix }) => `${code}\0${fix}`).values()].flatMap((alike) => {
    const more = alike.length - mostAlike;
    return [
      ...alike.slice(0, mostAlike).flatMap((problem) => problemInWords(problem, paint)),
      ...(more > 0 ? [`  and ${more} more with this fix: sealane status --json`] : []),
    ];
  });
}

const mostAlike = 3;

function problemInWords({ code, subject, message, fix }: ApiProblem, paint: Paint): string[] {
  return [
    `${paint('yellow', 'problem')} ${printable(subject)}: ${printable(message, 400)} ${paint('dim', `[${printable(code)}]`)}`,
    `  ${paint('green', 'fix:')} ${printable(fix, 400)}`,
  ];
}

function section(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}
