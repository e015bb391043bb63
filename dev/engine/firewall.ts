import { readFile, writeFile } from 'node:fs/promises';
import { run, which } from '../machine/command.ts';

/**
 * Restores the packet filter and IP forwarding after a private Docker engine. Only the rules and chains that the engine
 * added are removed; a table is never replaced as a whole, since other programs may have changed it meanwhile.
 */
export interface FirewallBefore {
  /** Whether Docker's chains existed before: then the chains and forwarding belong to another engine, and stay. */
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
 * Lets the containers of an engine that does not manage the packet filter reach each other, which the default policy of
 * the managing engine forbids (a kernel with br_netfilter filters bridged packets, too). `restoreFirewall` undoes it.
 */
export async function allowForwarding(pool: string): Promise<void> {
  for (const direction of ['--source', '--destination']) {
    await run('iptables', ['--wait', '10', '--insert', 'FORWARD', direction, pool, '--jump', 'ACCEPT']);
  }
}

/**
 * Removes what the engine added. `marks` are the texts that identify the engine's own rules: the names of its bridges
 * and the prefix of its address pool. With `keepChains` only those rules are removed, as another engine uses the chains
 * by now.
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

/**
 * The input for `iptables-restore --noflush` that removes the engine's rules and chains from `saved`; '' without any.
 */
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
  // The command fails on a kernel without IPv6 filtering, which has nothing to save.
  return run(`${family}-save`, []).catch(() => '');
}

function forwardPolicy(saved: string): string | undefined {
  return /^\*filter[^*]*?^:FORWARD (\S+)/m.exec(saved)?.[1];
}
