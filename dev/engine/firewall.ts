import { readFile, writeFile } from 'node:fs/promises';
import { run, which } from '../machine/command.ts';

/**
 * What a Docker engine changes in the packet filter and in IP forwarding, and how it is put back. Only what the engine
 * added is removed, never a whole table replaced: others may have changed it meanwhile.
 */
export interface FirewallBefore {
  /** Docker's chains were there first: then they and forwarding belong to another engine, and stay. */
  readonly hadDockerChains: boolean;
  readonly forwardPolicy: Readonly<Record<Family, string | undefined>>;
  readonly ipForward: string;
}

type Family = 'iptables' | 'ip6tables';
const families: readonly Family[] = ['iptables', 'ip6tables'];
const forwardFile = '/proc/sys/net/ipv4/ip_forward';

export async function rememberFirewall(): Promise<FirewallBefore> {
  const saved = { iptables: await save('iptables'), ip6tables: await save('ip6tables') };
  return {
    hadDockerChains: families.some((family) => /^:DOCKER/m.test(saved[family])),
    forwardPolicy: { iptables: forwardPolicy(saved.iptables), ip6tables: forwardPolicy(saved.ip6tables) },
    ipForward: (await readFile(forwardFile, 'utf8')).trim(),
  };
}

/**
 * For an engine that leaves the packet filter to another: lets its containers talk to each other, which the other's
 * default policy forbids (a kernel with br_netfilter filters bridged packets, too). Undone by `restoreFirewall`.
 */
export async function allowForwarding(pool: string): Promise<void> {
  for (const direction of ['--source', '--destination']) {
    await run('iptables', ['--wait', '10', '--insert', 'FORWARD', direction, pool, '--jump', 'ACCEPT']);
  }
}

/**
 * `marks` are the texts by which the engine's own rules are known: its bridges' names and its address pool's prefix.
 * With `keepChains` only those rules go: another engine has come to rely on the chains.
 */
export async function restoreFirewall(
  before: FirewallBefore,
  marks: readonly string[],
  keepChains: boolean,
): Promise<void> {
  const keep = keepChains || before.hadDockerChains;
  for (const family of families) {
    const script = undoScript(await save(family), {
      marks,
      chains: keep ? undefined : /^DOCKER/,
      forwardPolicy: keep ? undefined : (before.forwardPolicy[family] ?? 'ACCEPT'),
    });
    if (script !== '') await run(`${family}-restore`, ['--noflush'], { input: script });
  }
  if (!keep) await writeFile(forwardFile, before.ipForward);
}

/** Input for `iptables-restore --noflush` that removes the engine's rules and chains from `saved`; '' if none is there. */
export function undoScript(
  saved: string,
  undo: {
    readonly marks: readonly string[];
    readonly chains: RegExp | undefined;
    readonly forwardPolicy: string | undefined;
  },
): string {
  return saved
    .split(/^(?=\*)/m)
    .map((table) => undoTable(table.split('\n'), undo))
    .join('');
}

function undoTable(lines: readonly string[], undo: Parameters<typeof undoScript>[1]): string {
  const header = lines.find((line) => line.startsWith('*'));
  if (header === undefined) return '';
  const chains = lines.flatMap((line) => {
    const name = /^:(\S+)/.exec(line)?.[1];
    return name !== undefined && undo.chains?.test(name) === true ? [name] : [];
  });
  const doomed = lines.filter((line) => {
    if (!line.startsWith('-A ')) return false;
    const words = line.split(' ');
    return (
      words.some((word) => chains.includes(word)) ||
      undo.marks.some((mark) => words.some((word) => word === mark || word.startsWith(mark)))
    );
  });
  const policy = lines.find((line) => line.startsWith(':FORWARD '));
  const commands = [
    ...(header === '*filter' &&
    undo.forwardPolicy !== undefined &&
    policy?.startsWith(`:FORWARD ${undo.forwardPolicy} `) === false
      ? [`:FORWARD ${undo.forwardPolicy} [0:0]`]
      : []),
    ...doomed.map((line) => line.replace('-A ', '-D ')),
    ...chains.map((name) => `-X ${name}`),
  ];
  return commands.length === 0 ? '' : [header, ...commands, 'COMMIT', ''].join('\n');
}

async function save(family: Family): Promise<string> {
  if ((await which(`${family}-save`)) === undefined) return '';
  // A kernel without IPv6 filtering has nothing to save.
  return run(`${family}-save`, []).catch(() => '');
}

function forwardPolicy(saved: string): string | undefined {
  return /^\*filter[^*]*?^:FORWARD (\S+)/m.exec(saved)?.[1];
}
