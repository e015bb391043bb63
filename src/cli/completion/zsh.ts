import type { CommandModel, OptionModel, ValueModel } from './model.ts';

/** The script for zsh, to be saved as `_sealane` in a folder of $fpath or sourced after compinit. Pure. */
export function zshCompletion(commands: readonly CommandModel[]): string {
  const run = commands.find(({ name }) => name === 'run');
  return `#compdef sealane
# sealane's completion for zsh. In ~/.zshrc, after compinit: source <(sealane completion zsh)
_sealane_names() {
  local -a names
  names=(\${(f)"$(sealane completion $1 2>/dev/null)"})
  (( \${#names} )) && compadd -a names
}
_sealane_commands() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${description.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  _describe -t commands command commands
}
_sealane() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C ${run ? `${options(run, 4)} \\\n    ` : ''}'1:command:_sealane_commands' '*::argument:->rest'
  [[ $state == rest ]] || return
  case $words[1] in
${commands.map((command) => `    ${command.name}) _arguments ${options(command, 6)}${argument(command.argument)} ;;`).join('\n')}
  esac
}
if [[ \${funcstack[1]} == _sealane ]]; then _sealane "$@"; else compdef _sealane sealane; fi
`;
}

function options(command: CommandModel, indent: number): string {
  const help: OptionModel = { long: '--help', short: undefined, description: 'print help', value: undefined };
  return [help, ...command.options].map((option) => `\\\n${' '.repeat(indent)}${optionSpec(option)}`).join(' ');
}

function optionSpec({ long, description, value }: OptionModel): string {
  const text = `[${description.replaceAll(/[[\]\\:]/g, '\\$&')}]`;
  return quote(`*${long}${text}${value ? `:value:${action(value)}` : ''}`);
}

function argument(value: ValueModel): string {
  return value.kind === 'text' ? '' : ` \\\n      ${quote(`*:argument:${action(value)}`)}`;
}

function action(value: ValueModel): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'service':
    case 'upstream':
      return `{_sealane_names ${value.kind}s}`;
    case 'text':
      return ' ';
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
