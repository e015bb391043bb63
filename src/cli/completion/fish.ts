import type { CommandModel, OptionModel, ValueModel } from './model.ts';

/** The script for fish, to be sourced or saved as ~/.config/fish/completions/sealane.fish. Pure. */
export function fishCompletion(commands: readonly CommandModel[]): string {
  const names = commands.map(({ name }) => name);
  const lines = commands.flatMap((command) => {
    // Flags without a command belong to `run`.
    const others = names.filter((name) => name !== 'run').join(' ');
    const seen =
      command.name === 'run'
        ? `not __fish_seen_subcommand_from ${others}`
        : `__fish_seen_subcommand_from ${command.name}`;
    return [
      `complete -c sealane -n __fish_use_subcommand -a ${command.name} -d ${quote(command.description)}`,
      ...command.options.map((option) => `complete -c sealane -n ${quote(seen)} ${optionSpec(option)}`),
      ...(command.argument.kind === 'text'
        ? []
        : [`complete -c sealane -n ${quote(seen)} ${proposal(command.argument)}`]),
    ];
  });
  return [
    "# sealane's completion for fish. In ~/.config/fish/config.fish: sealane completion fish | source",
    'complete -c sealane -f',
    ...lines,
    '',
  ].join('\n');
}

function optionSpec({ long, short, description, value }: OptionModel): string {
  const name = [`-l ${long.slice(2)}`, ...(short === undefined ? [] : [`-s ${short.slice(1)}`])].join(' ');
  const taken = value
    ? ` ${value.kind === 'file' ? '-r' : '-x'}${value.kind === 'text' ? '' : ` ${proposal(value)}`}`
    : '';
  return `${name}${taken} -d ${quote(description)}`;
}

function proposal(value: ValueModel): string {
  switch (value.kind) {
    case 'words':
      return `-a ${quote(value.words.join(' '))}`;
    case 'file':
      return '-F';
    case 'service':
    case 'upstream':
      return `-a ${quote(`(sealane completion ${value.kind}s 2>/dev/null)`)}`;
    case 'text':
      return '';
  }
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
