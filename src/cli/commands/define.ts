import type { Command } from 'commander';

/**
 * Declares one command of the program: name, arguments, options and action. The action is imported only when the
 * command runs, so that `--version` and `--help` load nothing else. Help, shell completion and the test of
 * docs/command-line.md read the tree of these declarations. `names`: of all commands, whether or not they are declared.
 */
export type DefineCommand = (program: Command, finish: Finish, names: readonly string[]) => void;

/** Receives the exit code of the command that ran. */
export type Finish = (code: number) => void;

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
