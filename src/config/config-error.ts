/** Unusable arguments or configuration: one readable line that says where, what and how to fix it. Exit code 2. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
  }
}
