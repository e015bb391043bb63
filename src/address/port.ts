/** Parses port numbers. */
export const lastPort = 65_535;

/** Accepts 0 to 65535, in at most five digits. */
export function parsePort(digits: string): number | undefined {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : Infinity;
  return port <= lastPort ? port : undefined;
}
