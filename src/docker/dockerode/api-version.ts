/**
 * Which API version to speak. No fixed one fits all: engine 20.10 speaks at most 1.41, engine 29 at least 1.44.
 */
/** The newest version whose changes we have read. */
const newestKnown = { major: 1, minor: 52 };

/** The lower of what the engine offers (`Api-Version` of its ping) and what we know; undefined if that is no version. */
export function negotiate(offered: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,4})$/.exec(offered.trim());
  if (!match) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const older = major < newestKnown.major || (major === newestKnown.major && minor < newestKnown.minor);
  return older ? `${major}.${minor}` : `${newestKnown.major}.${newestKnown.minor}`;
}
