/** The time in milliseconds since the epoch, with fractions, comparable with the engine's and Sealane's times. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}
