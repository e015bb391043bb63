import type { AdminEndpoint } from './endpoint.ts';
import { printable } from '../../text/printable.ts';

/** A request to the admin API failed. The message is one line that says what to do. */
export class AdminError extends Error {
  /**
   * `unreachable`: no server answers, which may change; `refused`: Sealane rejects the request; `nonsense`: the answer
   * is not one of the admin API.
   */
  readonly kind: 'unreachable' | 'refused' | 'nonsense';
  readonly status: number | undefined;

  constructor(kind: AdminError['kind'], message: string, options?: ErrorOptions & { readonly status?: number }) {
    super(message, options);
    this.name = 'AdminError';
    this.kind = kind;
    this.status = options?.status;
  }
}

export function unreachable(endpoint: AdminEndpoint, error: unknown): AdminError {
  if (error instanceof AdminError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isLate = [error, (error as Error | undefined)?.cause].some(
    (one) => one instanceof Error && one.name === 'TimeoutError',
  );
  const message =
    code === 'EACCES' || code === 'EPERM'
      ? `no permission to open ${endpoint.shown}: only the user that runs Sealane may open it`
      : isLate
        ? `${endpoint.shown} does not answer: is it Sealane's --admin?`
        : `no Sealane answers at ${endpoint.shown}${code === '' ? '' : ` (${printable(code)})`}: is sealane running? Name its address with --admin, or its socket with --admin-socket`;
  return new AdminError('unreachable', message, { cause: error });
}

export function nonsense(endpoint: AdminEndpoint, what: string): AdminError {
  return new AdminError(
    'nonsense',
    `what answers at ${endpoint.shown} is not the admin API of this version of Sealane: ${printable(what, 200)}`,
  );
}
