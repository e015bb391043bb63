import type { Command } from 'commander';

/**
 * A command of the program. It is declared once, in a file of its own: name, arguments, options, and the action, which is
 * imported when the command is chosen, so that `--version` and `--help` load nothing else. Help, shell completion and
 * the check of docs/command-line.md read the tree that these declarations make.
 */
export type DefineCommand = (program: Command, finish: Finish) => void;

/** Takes the exit code of the command that ran. */
export type Finish = (code: number) => void;

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
