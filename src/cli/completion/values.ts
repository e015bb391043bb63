import { Argument, Option } from 'commander';

/**
 * Options and arguments that declare how they are completed: words of a fixed list, files, or names of services. Values
 * are validated where settings are read, so that a flag, a variable and the configuration file give the same error.
 */

/** An option whose value is one of the words. The help shows the words as the value: `--format <text|json>`. */
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

/** An option whose value is the path of a file or a folder. */
export class FileOption extends Option {
  readonly completes = 'file';
}

export class FileArgument extends Argument {
  readonly completes = 'file';
}

/** An argument that is a name in the running Sealane, or another subject that is not completed. */
export class ServiceArgument extends Argument {
  readonly completes: 'service' | 'upstream';

  constructor(name: string, description: string, completes: ServiceArgument['completes']) {
    super(name, description);
    this.completes = completes;
  }
}

export function configFileOption(description: string): Option {
  return new FileOption('--config <file>', description);
}
