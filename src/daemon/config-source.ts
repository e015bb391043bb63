import type { Problem } from '../catalog/problem.ts';
import type { NamesRules } from '../config/names/settings.ts';
import type { StaticService } from '../config/static-service.ts';
import { watchConfigFile, type FileChange, type FileWatch } from '../config/watch-file.ts';
import type { Discovery } from '../discovery/discover.ts';
import { createResolver } from '../discovery/resolver.ts';
import { declareStatic, isConfigured } from '../discovery/static-services.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Owns the static services: those of the configuration file, which is read again when it changes, or those of the
 * command line. Names of hosts are resolved here. A file that has become invalid is a problem; its last valid services
 * stay in use.
 */
export interface ConfigSource {
  /** The current declarations and problems. */
  declare(): Omit<Discovery, 'restarted'>;
  /** Whether a static service names the upstream of this key. */
  isConfigured(upstreamKey: string): boolean;
  /** Begins to resolve names and to watch the file. */
  start(): void;
  /** Reads the file now, whether or not it has changed; logs that there is none. */
  reload(): void;
  stop(): void;
}

export interface ConfigSourceParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Called when the answer of `declare` may differ from before. */
  readonly onChange: () => void;
}

export interface ConfigSourceOptions {
  readonly services: readonly StaticService[];
  /** The file that the services are read from; undefined where there is none. */
  readonly path: string | undefined;
  /** The address for listeners that name none. */
  readonly bind: () => string;
  /** How services are named that have no listen address; undefined where none are. */
  readonly names: NamesRules | undefined;
}

export function createConfigSource(
  parts: ConfigSourceParts,
  { services, path, bind, names }: ConfigSourceOptions,
): ConfigSource {
  const { logger, onChange } = parts;
  const resolver = createResolver(parts);
  let current = services;
  let problem: Problem | undefined;
  let watch: FileWatch | undefined;

  const use = (next: readonly StaticService[]): void => {
    current = next;
    resolver.watch(next.flatMap((service) => service.upstreams.map(({ target }) => target.host)));
    onChange();
  };

  const onFile = (change: FileChange): void => {
    if (change.kind === 'invalid') {
      problem = problemOf(change.message);
      return onChange();
    }
    problem = undefined;
    logger.info(
      { event: 'config-read' },
      `configuration ${change.file.path} read again (settings other than services need a restart)`,
    );
    use(change.file.services);
  };

  return {
    declare() {
      const { declarations, problems } = declareStatic(current, resolver.resolutions(), { bind: bind(), names });
      return { declarations, problems: problem === undefined ? problems : [problem, ...problems] };
    },
    isConfigured: (upstreamKey) => isConfigured(current, { bind: bind(), names }, upstreamKey),
    start() {
      use(current);
      if (path !== undefined) watch = watchConfigFile({ path, givesNames: names !== undefined }, onFile);
    },
    reload() {
      if (path === undefined)
        logger.info({ event: 'nothing-to-reload' }, 'there is no configuration file to read again: nothing was done');
      watch?.reread();
    },
    stop() {
      watch?.stop();
      watch = undefined;
      resolver.stop();
    },
  };
}

function problemOf(message: string): Problem {
  return {
    code: 'config-invalid',
    subject: 'configuration',
    message,
    fix: 'Correct it; the last good one stays in use until then.',
  };
}
