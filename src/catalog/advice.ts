import { formatAddress } from '../address/address.ts';
import type { DeclaredUpstream } from './declaration.ts';

/**
 * Advice for an upstream that gets no clients. It speaks of labels for a container's upstream, and of the configuration
 * for a static one.
 */
/** The command for `dockerCommand` that shows the output of a container's HEALTHCHECK. */
export const showHealth = "inspect --format '{{json .State.Health}}'";

export function howToListen({ endpoints, run, portAdvice }: DeclaredUpstream): string {
  if (portAdvice !== undefined) return portAdvice;
  const where = endpoints.map(formatAddress).join(', ');
  return run
    ? `Let its process listen on ${where} (0.0.0.0, not 127.0.0.1), or correct the port label.`
    : `Let something listen on ${where}, or correct its address in the configuration.`;
}

export function howToAnswer({ name, run }: DeclaredUpstream): string {
  return `See why ${name} does not answer${logOf(run)}; it returns automatically once it does.`;
}

export function howToPassCheck({ name, run }: DeclaredUpstream): string {
  return `See why ${name} fails its check${logOf(run)}, or correct ${run ? 'the health label' : 'its `health` in the configuration'}.`;
}

function logOf(run: DeclaredUpstream['run']): string {
  return run ? ' (docker logs)' : '';
}
