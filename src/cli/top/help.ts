import type { Paint } from '../../text/paint.ts';
import { wrap } from '../render/table.ts';

/**
 * What `?` shows. Pure.
 */
const sections: readonly (readonly [
  title: string,
  ...entries: readonly (readonly [what: string, meaning: string])[],
])[] = [
  [
    'KEYS',
    ['↑ ↓ j k', 'choose a service; PgUp PgDn Home End go further'],
    ['enter', 'show or hide its upstreams'],
    ['p', 'problems, each with its fix'],
    ['s', 'order by state, name, traffic'],
    ['/', 'show the services whose name contains a text; esc clears it'],
    ['q', 'quit'],
  ],
  [
    'COLUMNS',
    ['READY', 'upstreams that get clients, of all'],
    ['ACTIVE', 'sessions that run now'],
    ['HELD', 'clients that wait for an upstream'],
    ['FAILED', 'failed since the start; sealane sessions --failed'],
    ['NEW/S', 'new sessions a second; UP is from clients, DOWN to them'],
  ],
  [
    'STATES',
    ['up', 'clients are served, and all is well'],
    ['degraded', 'clients are served, and something needs attention'],
    ['down', 'no client is served; sealane why SERVICE says why'],
  ],
];

const indent = 12;

/** The lines, none wider than `columns`. */
export function helpLines(columns: number, paint: Paint): readonly string[] {
  return sections.flatMap(([title, ...entries]) => [
    paint('dim', title),
    ...entries.flatMap(([what, meaning]) =>
      wrap(meaning, columns - indent).map((line, index) => {
        const start = index === 0 ? `  ${what}`.padEnd(indent) : ' '.repeat(indent);
        return `${paint('bold', start)}${line}`;
      }),
    ),
  ]);
}
