/** Milliseconds since the epoch, with fractions: comparable with the engine's and Sealane's own times. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}
