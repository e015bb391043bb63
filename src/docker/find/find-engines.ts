import { ConfigError } from '../../config/config-error.ts';
import type { EngineChoice, EngineChoices } from '../../config/engine-choice.ts';
import { messageOf } from '../../text/message-of.ts';
import { quoted } from '../../text/printable.ts';
import { addressOf, defaultEngine, type EngineAddress } from '../engine-url.ts';
import type { TlsSource } from '../tls-source.ts';
import { configPath, currentContext, readContext, type ContextSource } from './contexts.ts';
import { nameEngines, type ChosenEngine } from './engine-names.ts';
import { dockerFolder, tlsOfEnvironment, type Machine } from './machine.ts';
import { usualSockets } from './usual-sockets.ts';

/**
 * Finds the engines that the setting `docker` chooses. Without it, that is the engine of the docker command: DOCKER_HOST,
 * else the context of DOCKER_CONTEXT, else that of its configuration; where none of them names one, the first of the
 * usual sockets that answers. Asks no engine.
 */
export interface FoundEngine {
  readonly name: string | undefined;
  /** The addresses at which the engine may be, the likeliest first: more than one only for the usual sockets. */
  readonly addresses: readonly [EngineAddress, ...EngineAddress[]];
}

/** @throws ConfigError for a choice that can't be an engine */
export async function findEngines(choices: EngineChoices | undefined, machine: Machine): Promise<FoundEngine[]> {
  if (choices === 'none') return [];
  const chosen = choices
    ? await Promise.all(choices.map((choice) => chosenEngine(choice, machine)))
    : [await engineOfDocker(machine)];
  const names = nameEngines(chosen);
  return chosen.map(({ addresses }, index) => ({ name: names[index], addresses }));
}

const setting = 'the setting docker';

async function chosenEngine(choice: EngineChoice, machine: Machine): Promise<ChosenEngine> {
  if (choice.kind === 'context') return engineOfContext(choice, { text: setting, otherWords: ['none'] }, machine);
  const address = readAddress(choice.url, tlsOfEnvironment(machine), setting);
  return { givenName: choice.name, context: undefined, addresses: [address] };
}

/** The engine that the docker command would take, or that is at one of the usual sockets. */
async function engineOfDocker(machine: Machine): Promise<ChosenEngine> {
  const { DOCKER_HOST: host, DOCKER_CONTEXT: ofVariable } = machine.environment;
  const tls = tlsOfEnvironment(machine);
  const without = { givenName: undefined, context: undefined };
  // A socket's path may have commas in it, but no address.
  if (host && /[\s,]+\w+:\/\//.test(host))
    throw new ConfigError('DOCKER_HOST takes one address: for several engines, give --docker a=…,b=…');
  if (host) return { ...without, addresses: [readAddress(host, tls, 'DOCKER_HOST')] };
  const folder = dockerFolder(machine);
  const context = ofVariable || (await currentContext(folder));
  const namedBy = ofVariable ? 'DOCKER_CONTEXT' : configPath(folder);
  if (context) return engineOfContext({ name: undefined, context }, { text: namedBy, otherWords: [] }, machine);
  const [first, ...others] = usualSockets(machine);
  return { ...without, addresses: [addressOf(first), ...others.map((url) => addressOf(url))] };
}

async function engineOfContext(
  { name: givenName, context }: { readonly name: string | undefined; readonly context: string },
  namedBy: ContextSource,
  machine: Machine,
): Promise<ChosenEngine> {
  const { DOCKER_HOST: host } = machine.environment;
  const usual = defaultEngine(machine.platform);
  // The context "default" is the docker command without contexts.
  if (context === 'default') {
    const address = readAddress(host || usual, tlsOfEnvironment(machine), 'DOCKER_HOST');
    return { givenName, context, addresses: [address] };
  }
  const { url = usual, tls } = await readContext(dockerFolder(machine), context, namedBy);
  return { givenName, context, addresses: [readAddress(url, tls, `the Docker context ${quoted(context)}`)] };
}

function readAddress(url: string, tls: TlsSource, namedBy: string): EngineAddress {
  try {
    return addressOf(url, tls);
  } catch (error) {
    throw new ConfigError(`${namedBy}: ${messageOf(error)}`, { cause: error });
  }
}
