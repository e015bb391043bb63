import { ConfigError } from '../../config/config-error.ts';
import { messageOf } from '../../text/message-of.ts';
import { EngineError, type NamedEngine } from '../engine.ts';

type Checked = Pick<NamedEngine, 'name'> & { readonly engine: Pick<NamedEngine['engine'], 'ping'> };

/**
 * Resolves once one engine may work, whatever is wrong with others: neither their mistakes nor their silence may keep its
 * services away.
 *
 * @throws ConfigError with a line for each engine, where none can work as configured
 */
export async function checkEngines(engines: readonly Checked[]): Promise<void> {
  try {
    await Promise.any(engines.map(throwMistake));
  } catch (error) {
    throw error instanceof AggregateError ? new ConfigError(error.errors.map(messageOf)) : error;
  }
}

/** An engine that can't be reached now may be reached later. */
async function throwMistake({ name, engine }: Checked): Promise<void> {
  try {
    await engine.ping();
  } catch (error) {
    const isMistake = error instanceof EngineError && (error.kind === 'permission' || error.kind === 'nonsense');
    if (isMistake)
      throw new ConfigError(`${name === undefined ? '' : `engine ${name}: `}${error.message}`, { cause: error });
  }
}
