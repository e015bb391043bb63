import { readFileSync } from 'node:fs';

/**
 * Tells signals that a terminal sends to all processes of this command from those that are sent to this process alone, by
 * kill(1) or a supervisor: those have to be passed on.
 */
export type TerminalSignal = 'SIGINT' | 'SIGQUIT' | 'SIGHUP';

/** What proc_pid_stat(5) says of this process and its terminal. */
interface Standing {
  readonly group: number;
  /** Whether this process began the session of the terminal, as a shell does, or a command that ssh(1) runs. */
  readonly leads: boolean;
  /** 0 where there is no terminal, or no longer. */
  readonly terminal: number;
  /** The process group that the terminal sends its signals to. */
  readonly foreground: number;
}

export class TerminalSignals {
  readonly #hadTerminal: boolean;
  readonly #read: () => string;

  /** `read`: the text of /proc/self/stat; it throws where there is none. */
  constructor(read: () => string = () => readFileSync('/proc/self/stat', 'utf8')) {
    this.#read = read;
    this.#hadTerminal = (this.#standing()?.terminal ?? 0) !== 0;
  }

  /** Whether the other processes of this command's group have got the signal as well. */
  sent(signal: TerminalSignal): boolean {
    const now = this.#standing();
    // A terminal that is closed is taken from all its processes. The leader of its session gets SIGHUP then, and at the
    // end of the leader the foreground group does.
    if (signal === 'SIGHUP') return this.#hadTerminal && now?.terminal === 0 && !now.leads;
    if (!now) return process.stdin.isTTY || process.stderr.isTTY;
    return now.terminal !== 0 && now.foreground === now.group;
  }

  #standing(): Standing | undefined {
    try {
      return parse(this.#read());
    } catch {
      return undefined;
    }
  }
}

/** The second field is the program's name in parentheses, which may hold anything. */
function parse(stat: string): Standing | undefined {
  const [, , group, session, terminal, foreground] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return group === undefined || terminal === undefined || foreground === undefined
    ? undefined
    : { group, leads: session === Number.parseInt(stat, 10), terminal, foreground };
}
