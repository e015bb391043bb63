import type { ComposeService } from '../compose/service.ts';
import { didYouMean } from '../text/did-you-mean.ts';
import { labelOf, meantBy } from '../discovery/label-names.ts';
import { quoted } from '../text/printable.ts';
import type { Finding } from './finding.ts';

/**
 * Finds labels that a running Sealane never takes for its own: misspelt before the dot, or where no container gets
 * them. Pure.
 */
export function strayLabels(service: ComposeService, prefix: string, isStack: boolean): Finding[] {
  return [...nearMisses(service, prefix), ...(isStack ? [] : misplaced(service, prefix))];
}

/** Labels whose prefix is misspelt: `selane.port`, `sealane_port`, `Sealane.web.listen`. */
function nearMisses(service: ComposeService, prefix: string): Finding[] {
  return [...service.labels].flatMap(([key, { keyLocation }]) => {
    const meant = key.startsWith(`${prefix}.`) ? undefined : meantLabel(key, prefix);
    if (meant === undefined) return [];
    return {
      code: 'label-near-miss',
      location: keyLocation,
      service: service.name,
      message: `label ${quoted(key)} is not read (did you mean ${quoted(meant)}?)`,
      fix: `Labels for Sealane begin with ${quoted(`${prefix}.`)}.`,
    } as const;
  });
}

function meantLabel(key: string, prefix: string): string | undefined {
  // The misspelt prefix is as long as the right one, give or take two characters; the prefix may contain dots.
  for (let end = prefix.length - 2; end <= prefix.length + 2; end += 1) {
    if (!/^[._:/-]$/.test(key[end] ?? '')) continue;
    const [start, rest] = [key.slice(0, end), key.slice(end + 1)];
    if (didYouMean(start, [prefix]) === undefined) continue;
    const meant = meantBy(rest);
    if (meant) return labelOf(prefix, meant.route, meant.option) + meant.value;
  }
  return undefined;
}

function misplaced(service: ComposeService, prefix: string): Finding[] {
  return [...service.deploy.labels].flatMap(([key, { keyLocation }]) => {
    if (!key.startsWith(`${prefix}.`) || service.labels.has(key)) return [];
    return {
      code: 'label-misplaced',
      location: keyLocation,
      service: service.name,
      message: `label ${quoted(key)} stands under deploy: it is a Swarm service's, and compose's containers do not have it`,
      fix: 'Move it to the labels of the service itself; or, for docker stack deploy, check the file with --as stack.',
    } as const;
  });
}
