import { Argument, Option } from 'commander';

/**
 * Options and arguments that know what completes them: words of a fixed list, files, or names of services. The values
 * are judged where they are read, so that a flag, a variable and the configuration file are refused in the same words.
 */

/** `--format <text|json>`: one of the words. Help shows them in the place of the value. */
export function choiceOption(flag: string, words: readonly string[], description: string): Option {
  const option = new Option(`${flag} <${words.join('|')}>`, description);
  option.argChoices = [...words];
  return option;
}

export class ChoiceArgument extends Argument {
  constructor(name: string, words: readonly string[], description: string) {
    super(name, description);
    this.argChoices = [...words];
  }
}

/** The value names a file or a folder. */
export class FileOption extends Option {
  readonly completes = 'file';
}

export class FileArgument extends Argument {
  readonly completes = 'file';
}

/** The value names a service of the Sealane that runs, or something else that is not completed. */
export class ServiceArgument extends Argument {
  readonly completes = 'service';
}

export function configFileOption(description: string): Option {
  return new FileOption('--config <file>', description);
}
