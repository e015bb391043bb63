import type { ComposeProject } from '../compose/project.ts';
import type { ComposeService } from '../compose/service.ts';
import { quoted } from '../text/printable.ts';
import type { Finding } from './finding.ts';
import type { CheckedProject } from './stack.ts';

/**
 * Finds what is wrong with a compose project whatever its labels say. Pure.
 */
export function fileFindings(project: CheckedProject): Finding[] {
  return [
    ...(project.services.length === 0 ? [noServices(project)] : []),
    ...project.remarks.map(({ kind, location, message }): Finding => {
      if (kind === 'required')
        return { code: 'variable-required', location, message, fix: `Set it in ${placeOfVariables(project)}.` };
      return { code: 'dollar', severity: 'warning', location, message, fix: 'Write $$ for a dollar sign.' };
    }),
    ...project.services.flatMap((service) => undefinedNetworks(service, project)),
  ];
}

/** Where variables are set, for people. */
export function placeOfVariables({ isStack }: CheckedProject): string {
  return isStack ? 'the environment: docker stack deploy reads no .env' : 'the environment or in .env';
}

function noServices({ location }: ComposeProject): Finding {
  return {
    code: 'no-services',
    location,
    message: 'there are no services here, so nothing was checked',
    fix: 'Name the compose file that has `services`.',
  };
}

function undefinedNetworks(service: ComposeService, { networks }: ComposeProject): Finding[] {
  return [...service.networks].flatMap(([key, location]): Finding[] =>
    key === 'default' || networks.has(key)
      ? []
      : [
          {
            code: 'network-undefined',
            location,
            service: service.name,
            message: `network ${quoted(key)} is not defined`,
            fix: 'Name it under `networks:` at the end of the file, too.',
          },
        ],
  );
}
