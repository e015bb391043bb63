import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { givenTwice } from '../config/repeated.ts';

/** Makes each flag of the command that has a value, and no parser of its own, refuse a second value. */
export function refuseRepeatedFlags(command: Command): void {
  for (const option of command.options) {
    const hasValue = option.required || option.optional;
    if (!hasValue || option.hidden || option.parseArg) continue;
    option.argParser((value: string) => {
      const isSecond = command.getOptionValueSource(option.attributeName()) === 'cli';
      if (isSecond) throw new ConfigError(givenTwice(option.long ?? option.flags));
      return value;
    });
  }
}
