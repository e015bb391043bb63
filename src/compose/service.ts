import { readDeploy, type ComposeDeploy } from './deploy.ts';
import { textsAt, type ComposeText } from './keyed-texts.ts';
import { ComposeError, type SourceLocation } from './location.ts';
import { portsOf, readPort, type ComposePort } from './port.ts';
import { asMapping, itemsOf, textsOf } from './shape.ts';
import type { MappingEntry, Leaf, Mapping, Tree } from './tree.ts';
import { parseBoolean } from '../text/boolean.ts';
import { quoted } from '../text/printable.ts';

/**
 * Reads the parts of a compose file's service that Sealane needs. What compose itself refuses is refused.
 */
export interface ComposeService {
  readonly name: string;
  readonly location: SourceLocation;
  readonly image: string | undefined;
  /** The words of `entrypoint`; as with `command`, empty where the image's own applies. */
  readonly entrypoint: readonly ComposeWord[];
  readonly command: readonly ComposeWord[];
  readonly environment: ReadonlyMap<string, ComposeText>;
  /** Labels of the container: the service's own, and those that its build gives the image. */
  readonly labels: ReadonlyMap<string, ComposeText>;
  readonly deploy: ComposeDeploy;
  /** The paths in the container that something is mounted on; undefined where another service's volumes are, too. */
  readonly mounts: readonly string[] | undefined;
  /** Whether compose mounts the engine's socket by itself (`use_api_socket`). */
  readonly usesApiSocket: boolean;
  readonly ports: readonly ComposePort[];
  readonly expose: readonly number[];
  /** Keys of the networks that the service is on, each with the location that names it. */
  readonly networks: ReadonlyMap<string, SourceLocation>;
  /** The `network_mode`; '' where none is set. */
  readonly networkMode: string;
  readonly profiles: readonly string[];
  readonly replicas: number;
}

/** A word of a command. */
interface ComposeWord {
  readonly text: string;
  readonly location: SourceLocation;
}

/** Reads one service. @throws ComposeError */
export function readService(name: string, entry: MappingEntry): ComposeService {
  if (entry.value.kind !== 'map') throw new ComposeError(entry.location, `service ${quoted(name)} must be a mapping`);
  const { entries } = entry.value;
  const at = (key: string): Tree | undefined => entries.get(key)?.value;
  const deploy = readDeploy(at('deploy'));
  return {
    name,
    location: entry.location,
    image: textsOf(at('image'))[0],
    entrypoint: wordsOf(at('entrypoint')),
    command: wordsOf(at('command')),
    environment: textsAt(at('environment'), 'environment'),
    labels: new Map([
      ...textsAt(mapAt(at('build'))?.entries.get('labels')?.value, 'labels'),
      ...textsAt(at('labels'), 'labels'),
    ]),
    deploy,
    mounts: at('volumes_from') ? undefined : listAt(at('volumes')).flatMap(mountTarget),
    usesApiSocket: parseBoolean(textsOf(at('use_api_socket'))[0] ?? '') === true,
    ports: listAt(at('ports')).flatMap((port) => {
      const read = readPort(port);
      if (!read) throw new ComposeError(port.location, `${shown(port)} is no port mapping, such as 8080:80`);
      return read;
    }),
    expose: listAt(at('expose')).flatMap((one) => {
      const ports = portsOf(textsOf(one)[0] ?? '-');
      if (!ports) throw new ComposeError(one.location, `${shown(one)} is no port`);
      return textsOf(one)[0]?.endsWith('/udp') ? [] : ports;
    }),
    networks: new Map(
      [...(asMapping(at('networks') ?? { ...nothing, location: entry.location })?.entries ?? [])].map(([key, one]) => [
        key,
        one.location,
      ]),
    ),
    networkMode: textsOf(at('network_mode'))[0] ?? '',
    profiles: textsOf(at('profiles')),
    replicas: Number(textsOf(at('scale'))[0] ?? deploy.replicas ?? 1),
  };
}

const nothing: Omit<Leaf, 'location'> = { kind: 'leaf', text: '', isNull: true, unset: [], merging: 'merge' };

function mapAt(tree: Tree | undefined): Mapping | undefined {
  return tree?.kind === 'map' ? tree : undefined;
}

function listAt(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : [];
}

/** The words of a command: a list as it is, a text split as a shell splits it, with quotes. */
function wordsOf(tree: Tree | undefined): ComposeWord[] {
  if (tree?.kind === 'leaf') {
    const words = tree.text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
    return Array.from(words, ([, double, single, bare]) => ({
      text: double ?? single ?? bare ?? '',
      location: tree.location,
    }));
  }
  return itemsOf(tree).flatMap((one) => (one.kind === 'leaf' ? { text: one.text, location: one.location } : []));
}

/** The target of a mount; of an anonymous volume there is none, since nothing of the host is in it. */
function mountTarget(tree: Tree): string[] {
  if (tree.kind === 'map') return textsOf(tree.entries.get('source') && tree.entries.get('target')?.value);
  // A path of Windows has a colon of its own; of the parts after the first, the target is the one that is a path.
  const [, ...parts] = textsOf(tree)[0]?.split(':') ?? [];
  return parts.filter((part) => part.startsWith('/'));
}

function shown(tree: Tree): string {
  return tree.kind === 'leaf' ? quoted(tree.text) : 'this';
}
