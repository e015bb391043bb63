import manifest from '../package.json' with { type: 'json' };

export const version = manifest.version;

/** The commit that the bundle was built from, which the build puts here. */
export const commit = process.env.SEALANE_COMMIT;

/** The oldest Node that runs Sealane, from `>=22.12`. */
const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(manifest.engines.node) ?? [];
export const oldestNode = { major: Number(major), minor: Number(minor) };
