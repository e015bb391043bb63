import { ConfigError } from '../../config/config-error.ts';
import { engineName } from '../../config/engine-choice.ts';
import { printable, quoted } from '../../text/printable.ts';
import type { EngineAddress } from '../engine-url.ts';

/**
 * Names the engines that were chosen: by the name that was given, else by the Docker context, the host of the address, or
 * as `local`. Pure.
 */
export interface ChosenEngine {
  readonly givenName: string | undefined;
  readonly context: string | undefined;
  /** The addresses at which the engine may be, the likeliest first. */
  readonly addresses: readonly [EngineAddress, ...EngineAddress[]];
}

/** An engine alone has the name that it was given, or none. @throws ConfigError where a name has to be given */
export function nameEngines(chosen: readonly ChosenEngine[]): (string | undefined)[] {
  const [only] = chosen;
  if (chosen.length === 1) return [only?.givenName];
  const named = new Map<string, ChosenEngine>();
  return chosen.map((engine) => {
    const name = nameOf(engine);
    const other = named.get(name.toLowerCase());
    if (other)
      throw new ConfigError(`two engines have the name ${quoted(name)}: give --docker ${advice(other, engine)}`);
    named.set(name.toLowerCase(), engine);
    return name;
  });
}

function nameOf(engine: ChosenEngine): string {
  const { target } = engine.addresses[0];
  const name = engine.givenName ?? engine.context ?? (target.kind === 'socket' ? 'local' : target.host);
  if (engineName.test(name)) return name;
  throw new ConfigError(`${quoted(name)} can't be the name of an engine: give --docker ${advice(engine)}`);
}

/** The engines with names, as they could be written. */
function advice(...engines: readonly ChosenEngine[]): string {
  return engines
    .map(({ context, addresses }, index) => `${'ab'.charAt(index)}=${printable(context ?? addresses[0].url)}`)
    .join(',');
}
