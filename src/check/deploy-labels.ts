import type { ComposeService } from '../compose/service.ts';
import { splitKey } from '../discovery/label-names.ts';
import { isNeeded } from '../discovery/mistyped-routes.ts';
import { listed } from '../text/listed.ts';
import { printable, quoted } from '../text/printable.ts';
import type { Finding } from './finding.ts';
import { roleOf } from './placement.ts';
import type { SealaneService } from './sealane-service.ts';

/**
 * Finds labels of a stack file that one Sealane reads and another does not: those under `deploy` are the Swarm service's,
 * which only a manager tells of; all others are on the containers, too. Pure.
 */
/**
 * Whether a Sealane asks a manager: always, never, on some nodes only, or by its setting not at all; unknown for one that is
 * not in the files.
 */
export type LabelSight = 'always' | 'sometimes' | 'never' | 'off' | 'unknown';

export function sightOf(sealane: SealaneService): LabelSight {
  if (sealane.settings.swarm === 'off') return 'off';
  if (asksElsewhere(sealane)) return 'always';
  const role = roleOf(sealane.service);
  if (role === undefined) return 'sometimes';
  return role === 'manager' ? 'always' : 'never';
}

/** Whether an engine may be another node's, by itself or behind a socket proxy: that may be a manager. */
function asksElsewhere({ settings: { docker }, usesFile, dockerHost, dockerContext }: SealaneService): boolean {
  const isElsewhere = (url: string): boolean => !url.startsWith('unix:');
  if (docker === 'none') return false;
  if (docker) return docker.some((one) => one.kind === 'context' || isElsewhere(one.url));
  return usesFile || dockerContext !== undefined || (dockerHost !== undefined && isElsewhere(dockerHost));
}

/** Who reads the labels: the service that runs Sealane, where the files have one. */
interface Reader {
  readonly prefix: string;
  readonly sealane: string | undefined;
  readonly sight: LabelSight;
}

/** `service`: as the file has it, without the labels under `deploy` among its own. */
export function deployLabels(service: ComposeService, reader: Reader): Finding[] {
  const ours = [...service.deploy.labels].filter(([key]) => key.startsWith(`${reader.prefix}.`));
  const overridden = ours.flatMap(([key, { text, keyLocation }]): Finding[] => {
    const own = service.labels.get(key);
    if (own === undefined || own.text === text) return [];
    return [
      {
        code: 'label-overridden',
        severity: 'warning',
        location: keyLocation,
        service: service.name,
        message: `label ${quoted(key)} is ${quoted(text)} under deploy, and ${quoted(own.text)} on the containers, which holds`,
        fix: 'Write it in one of the two places.',
      },
    ];
  });
  return [...overridden, ...unseenLabels(service, reader)];
}

function unseenLabels(service: ComposeService, { prefix, sealane, sight }: Reader): Finding[] {
  const isOurs = (key: string): boolean => key.startsWith(`${prefix}.`);
  const lone = [...service.deploy.labels].filter(([key]) => isOurs(key) && !service.labels.has(key));
  const [[, first] = []] = lone;
  const isSplit = [...service.labels.keys()].some(isOurs);
  // A Sealane that is not in these files most likely runs on managers.
  if (!first || sight === 'always' || (sight === 'unknown' && !isSplit)) return [];
  const who = sealane === undefined ? 'a Sealane that asks no manager' : printable(sealane);
  const [are, them] = lone.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const labels = `${listed(lone.map(([key]) => printable(key)))} ${are} under deploy, where only a manager knows ${them}`;
  const place = {
    never: ' runs on workers, and',
    sometimes: ' may run on a worker, and then',
    off: ' asks none, and',
    unknown: '',
  }[sight];
  const consequence = isSplit ? `serves the tasks without ${them}` : 'serves none of the tasks';
  // Some options keep clients out: a route without them may be open.
  const isGuard = (key: string): boolean => {
    const { option } = splitKey(key.slice(prefix.length + 1));
    return option !== undefined && isNeeded(option);
  };
  const isProblem =
    sight === 'never' || sight === 'off' || (sight === 'sometimes' && isSplit && lone.some(([key]) => isGuard(key)));
  const orManager = `, or keep ${who} on managers (deploy: { placement: { constraints: [node.role == manager] } })`;
  const otherwise = {
    never: orManager,
    sometimes: orManager,
    off: ', or leave --swarm out',
    unknown: '',
  }[sight];
  return [
    {
      code: 'label-unseen',
      ...(isProblem ? {} : { severity: 'warning' }),
      location: first.keyLocation,
      service: service.name,
      message: `${labels}; ${who}${place} ${consequence}`,
      fix: `Move ${them} to the labels of the service itself${otherwise}.`,
    },
  ];
}
