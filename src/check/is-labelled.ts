import type { ComposeService } from '../compose/service.ts';

/** Whether a service has labels of Sealane. */
export function isLabelled({ labels }: ComposeService, prefix: string): boolean {
  return [...labels.keys()].some((key) => key.startsWith(`${prefix}.`));
}
