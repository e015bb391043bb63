import type { Command, Option } from 'commander';

/**
 * What may be written on our command line, read from the program itself, so that completion can't fall behind. Pure.
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
  /** Undefined for a flag that takes none. */
  readonly value: ValueModel | undefined;
}

export type ValueModel =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  /** Names of services, asked of the Sealane that runs. */
  | { readonly kind: 'service' }
  /** Whatever a person may want; nothing is proposed. */
  | { readonly kind: 'text' };

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

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
    value: option.required || option.optional ? valueOf(option.flags) : undefined,
  };
}

/** `<auto|stream>` lists the words; `<file>`, `<folder>` and `<path>` name something on disk. */
function valueOf(flags: string): ValueModel {
  const name = /[<[]([^>\]]*)[>\]]\s*$/.exec(flags)?.[1] ?? '';
  if (/^[a-z0-9-]+(?:\|[a-z0-9-]+)+$/.test(name)) return { kind: 'words', words: name.split('|') };
  return /^(?:file|folder|path)$/.test(name) ? { kind: 'file' } : { kind: 'text' };
}

function argumentOf(command: Command): ValueModel {
  const [name = ''] = command.registeredArguments.map((one) => one.name());
  if (name === 'files') return { kind: 'file' };
  if (name === 'subject') return { kind: 'service' };
  if (name === 'shell') return { kind: 'words', words: shells };
  return { kind: 'text' };
}
