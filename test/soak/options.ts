import { parseArgs } from 'node:util';
import { scenarios, type Scenario } from './scenarios.ts';

/**
 * The options of `npm run soak`: `--times 20` rounds of each scenario (or SOAK_TIMES), `--only name` (repeatable),
 * `--json file`, `--logs folder` for Sealane's log of each scenario.
 */
export interface SoakOptions {
  readonly times: number;
  readonly chosen: readonly Scenario[];
  readonly json: string | undefined;
  readonly logs: string | undefined;
}

export function readOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      times: { type: 'string', default: process.env['SOAK_TIMES'] ?? '20' },
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
      logs: { type: 'string' },
    },
  });
  const times = Number(values.times);
  if (!Number.isInteger(times) || times < 1) throw new Error(`--times must be a number from 1, not "${values.times}"`);
  const names = scenarios.map(({ name }) => name);
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`no scenario "${unknown}"; there are ${names.join(', ')}`);
  const chosen = scenarios.filter(({ name }) => values.only?.includes(name) ?? true);
  return { times, chosen, json: values.json, logs: values.logs };
}
