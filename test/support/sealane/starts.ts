import { hasFields, type Sealane } from './sealane.ts';

/** The containers that the engine was asked to start, in order, by their ids; `from`: a number of log lines. */
export function starts({ lines }: Sealane, from: number): string[] {
  return lines
    .slice(from)
    .filter((line) => hasFields(line, { event: 'engine-action', action: 'start' }))
    .map(({ containerId }) => String(containerId));
}
