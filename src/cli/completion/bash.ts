import type { CommandModel, ValueModel } from './model.ts';

/** The script for bash 3.2 (the version of macOS) and newer; it does not need the bash-completion package. Pure. */
export function bashCompletion(commands: readonly CommandModel[]): string {
  const names = commands.map(({ name }) => name);
  return `# sealane's completion for bash. In ~/.bashrc: source <(sealane completion bash)
_sealane() {
  # COMP_WORDS is not used: bash splits it at colons, which names of services contain.
  local line="\${COMP_LINE:0:COMP_POINT}" words word command='' prev=''
  local cur="\${line##* }"
  read -r -a words <<<"$line"
  [[ $line == *' ' ]] && words+=('')
  local last=$((\${#words[@]} - 1)) index
  for ((index = 1; index < last; index++)); do
    word="\${words[index]}"
    case "$word" in
      ${names.join(' | ')}) command="\${command:-$word}" ;;
    esac
    prev="$word"
  done
  COMPREPLY=()
  case "\${command:-run} $prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case "\${command:-run}" in
${commands.map(({ name, options }) => `      ${name}) _sealane_words '${flags(options)}' ;;`).join('\n')}
    esac
  elif [[ -z $command ]]; then
    _sealane_words '${names.join(' ')}'
  else
    case "$command" in
${commands.flatMap(({ name, argument }) => (argument.kind === 'text' ? [] : [`      ${name}) ${proposal(argument)} ;;`])).join('\n')}
    esac
  fi
}
_sealane_words() {
  local word colon="\${cur%"\${cur##*:}"}"
  for word in $(compgen -W "$1" -- "$cur"); do COMPREPLY+=("\${word#"$colon"}"); done
}
_sealane_files() {
  local file
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
  compopt -o filenames 2>/dev/null
}
complete -F _sealane sealane
`;
}

function valueCases({ name, options }: CommandModel): string[] {
  return options.flatMap(({ long, short, value }) => {
    if (!value) return [];
    const patterns = [long, ...(short === undefined ? [] : [short])].map((flag) => `'${name} ${flag}'`).join(' | ');
    return [`    ${patterns}) ${proposal(value)}${value.kind === 'text' ? '' : '; '}return ;;`];
  });
}

function proposal(value: ValueModel): string {
  switch (value.kind) {
    case 'words':
      return `_sealane_words '${value.words.join(' ')}'`;
    case 'file':
      return '_sealane_files';
    case 'service':
    case 'upstream':
      return `_sealane_words "$("\${words[0]}" completion ${value.kind}s 2>/dev/null)"`;
    case 'text':
      return '';
  }
}

function flags(options: CommandModel['options']): string {
  return ['--help', ...options.map(({ long }) => long)].toSorted().join(' ');
}
