/**
 * Reports unusable arguments or configuration, one readable line for each mistake: where, what, and how to fix it. The
 * exit code is 2.
 */
export class ConfigError extends Error {
  readonly lines: readonly string[];

  constructor(mistakes: string | readonly string[], options?: ErrorOptions) {
    const lines = typeof mistakes === 'string' ? [mistakes] : mistakes;
    super(lines.join('; '), options);
    this.name = 'ConfigError';
    this.lines = lines;
  }
}
