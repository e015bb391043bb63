import { formatBytesNarrow } from '../../text/sizes.ts';

/**
 * Formats rates for people. Pure.
 */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytesNarrow(bytesPerSecond)}/s`;
}

/** A rate of countable things, e.g. `0`, `0.4`, `12`. */
export function formatCount(perSecond: number): string {
  return perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : perSecond.toFixed(0);
}
