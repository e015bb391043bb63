/**
 * Negotiates the API version. No fixed version fits all engines: 20.10 speaks at most 1.41, 29 at least 1.44.
 */
/** The newest version that this code was written for. */
const newestKnown = { major: 1, minor: 52 };

/**
 * The lower of the engine's offer (`Api-Version` of its ping) and `newestKnown`; undefined if the offer is no version.
 */
export function negotiate(offered: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,4})$/.exec(offered.trim());
  if (!match) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const older = major < newestKnown.major || (major === newestKnown.major && minor < newestKnown.minor);
  return older ? `${major}.${minor}` : `${newestKnown.major}.${newestKnown.minor}`;
}
