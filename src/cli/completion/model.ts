import type { Argument, Command, Option } from 'commander';
import { FileArgument, FileOption, ServiceArgument } from './values.ts';

/**
 * The model of the command line for completion, read from commander's own tree, so that both always agree. Pure.
 */
export interface CommandModel {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionModel[];
  readonly argument: ValueModel;
}

export interface OptionModel {
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  /** Undefined for a flag without a value. */
  readonly value: ValueModel | undefined;
}

export type ValueModel =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  /** The name of a service or an upstream; the scripts query the running Sealane for the names. */
  | { readonly kind: 'service' | 'upstream' }
  /** Free text, for which the scripts propose no values. */
  | { readonly kind: 'text' };

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What `sealane schema` prints the schema of. */
export const schemaSubjects = ['config', 'labels'] as const;

export function modelOf(program: Command): CommandModel[] {
  return program.commands
    .filter((command) => command.name() !== 'help')
    .map((command) => ({
      name: command.name(),
      description: command.description(),
      options: command.options.map(optionOf),
      argument: argumentOf(command),
    }));
}

function optionOf(option: Option): OptionModel {
  return {
    long: option.long ?? '',
    short: option.short,
    description: option.description,
    value: option.required || option.optional ? valueOf(option) : undefined,
  };
}

function argumentOf({ registeredArguments: [first] }: Command): ValueModel {
  return first === undefined ? { kind: 'text' } : valueOf(first);
}

function valueOf(value: Option | Argument): ValueModel {
  if (value.argChoices !== undefined) return { kind: 'words', words: value.argChoices };
  if (value instanceof FileOption || value instanceof FileArgument) return { kind: value.completes };
  return value instanceof ServiceArgument ? { kind: value.completes } : { kind: 'text' };
}
