import type { ComposeService } from '../compose/service.ts';
import { sleepInSwarm } from '../discovery/declare-routes.ts';
import { labelOf } from '../discovery/label-names.ts';
import { readLabels, type LabelledRoute } from '../discovery/labels.ts';
import { suggestion } from '../text/did-you-mean.ts';
import { quoted } from '../text/printable.ts';
import type { Finding } from './finding.ts';
import { routeLocation } from './locate.ts';
import type { CheckedProject } from './stack.ts';

/**
 * Finds what is wrong with the labels of services that sleep, which a running Sealane can't know, or would not be asked of a
 * stack. Pure.
 */
export function sleepFindings(service: ComposeService, prefix: string, project: CheckedProject): Finding[] {
  const labels = Object.fromEntries([...service.labels].map(([key, { text }]) => [key, text]));
  const { routes } = readLabels(labels, prefix, { id: service.name, name: service.name });
  return project.isStack ? inStack(service, prefix, routes) : unknownNeeds(service, prefix, routes, project);
}

function inStack(service: ComposeService, prefix: string, routes: readonly LabelledRoute[]): Finding[] {
  const [message, fix] = sleepInSwarm;
  if (routes.every(({ values }) => values.sleep === undefined)) return [];
  const location = routeLocation(service, prefix, '', ['sleep']);
  return [{ code: 'sleep-impossible', location, service: service.name, message, fix }];
}

/** Services that `sleep.with` names, and that the file does not have: nothing is started for them. */
function unknownNeeds(
  service: ComposeService,
  prefix: string,
  routes: readonly LabelledRoute[],
  { services }: CheckedProject,
): Finding[] {
  const known = new Set(services.map(({ name }) => name));
  const seen = new Set<string>();
  return routes.flatMap(({ name, values }) => {
    // A route without the label has that of all routes.
    const own = service.labels.get(labelOf(prefix, name ?? '', 'sleep.with'));
    const location = (own ?? service.labels.get(labelOf(prefix, '', 'sleep.with')))?.valueLocation ?? service.location;
    return (values['sleep.with'] ?? []).flatMap((needed): Finding[] => {
      const isOwn = needed === service.name;
      if ((known.has(needed) && !isOwn) || seen.has(needed)) return [];
      seen.add(needed);
      const others = [...known].filter((one) => one !== service.name);
      const message = isOwn
        ? `sleep.with names the service ${quoted(needed)} itself`
        : `sleep.with names ${quoted(needed)}, which is no service of this file${suggestion(needed, others)}`;
      return [
        {
          code: 'service-undefined',
          location,
          service: service.name,
          message,
          fix: 'Name services of this file that are to be started first, or none.',
        },
      ];
    });
  });
}
