/**
 * Reports unusable arguments or configuration in one readable line: where, what, and how to fix it. The exit code is 2.
 */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
  }
}
