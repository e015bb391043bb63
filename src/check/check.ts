import { hostBind, openBind } from '../config/default-bind.ts';
import { namesRulesOf } from '../config/names/settings.ts';
import { createDiscoverer, type DiscoveryRules } from '../discovery/discover.ts';
import { hasLabelsOf } from '../discovery/interest.ts';
import { mergeDeclarations } from '../catalog/merge.ts';
import type { Problem, ProblemCode } from '../catalog/problem.ts';
import { listenOf } from '../catalog/route.ts';
import type { ComposeProject } from '../compose/project.ts';
import { formatLocation, type SourceLocation } from '../compose/location.ts';
import type { ComposeService } from '../compose/service.ts';
import type { OptionName } from '../config/options/route-options.ts';
import type { Reach } from '../docker/facts.ts';
import { printable } from '../text/printable.ts';
import { authorityNotKept } from './own-container/authority-folder.ts';
import { withoutCertificate } from './certificates.ts';
import { socketNotMounted } from './own-container/engine-socket.ts';
import { fileFindings, placeOfVariables } from './file-findings.ts';
import { isLabelled } from './is-labelled.ts';
import { inOrder, type Finding, type SharedFinding } from './finding.ts';
import { networkName, toFacts } from './facts.ts';
import { deployLabels, sightOf, type LabelSight } from './deploy-labels.ts';
import { strayLabels } from './labels.ts';
import { withJoined } from './joined-networks.ts';
import { locationOf, routeLocation } from './locate.ts';
import { apartFromNames, presumedPorts } from './names.ts';
import { hostConflicts, publishConflicts, unpublished, type Listening } from './ports.ts';
import { sleepFindings } from './sleep.ts';
import { readSealane, runsSealane, type SealaneService } from './sealane-service.ts';
import { asStack, stackOnly, type CheckedProject } from './stack.ts';

/**
 * Finds what a running Sealane would report if this compose project were up, and labels that it would never see. The
 * code that judges containers judges the facts that the compose file predicts.
 */
export interface Report {
  readonly services: readonly string[];
  /** The services that carry Sealane's labels. */
  readonly labelled: readonly string[];
  /** The services that run Sealane. Where there is none, Sealane is taken to run on the host. */
  readonly sealane: readonly string[];
  /** How the files were read: as `docker compose` does, or as `docker stack deploy` does. */
  readonly readAs: FileKind;
  /** Why they were taken for a stack's; undefined where they were not, or where the user said so. Hostile text. */
  readonly stackSign: string | undefined;
  readonly findings: readonly SharedFinding[];
}

export type FileKind = 'compose' | 'stack';

/** One Sealane: where it runs, and its settings. */
interface Stand {
  readonly rules: DiscoveryRules;
  readonly reach: Reach;
  /** Undefined where Sealane runs on the host. */
  readonly service: ComposeService | undefined;
  /** Whether it has no certificate for sure; a Sealane on the host may have some. */
  readonly lacksCertificates: boolean;
  readonly sight: LabelSight;
}

interface CheckOptions {
  readonly labelPrefix: string;
  /** How to read the files; by what they hold unless given. */
  readonly readAs?: FileKind | undefined;
}

/** How files are read that say nothing else. */
export function kindOf({ stackSign }: ComposeProject): FileKind {
  return stackSign === undefined ? 'compose' : 'stack';
}

export function checkProject(written: ComposeProject, options: CheckOptions): Report {
  const readAs = options.readAs ?? kindOf(written);
  const project = readAs === 'stack' ? asStack(written) : { ...written, isStack: false };
  const running: SealaneService[] = [];
  for (const service of project.services) {
    if (runsSealane(service, options.labelPrefix)) running.push(readSealane(service, project.variables));
  }
  const watching = running.filter(({ settings }) => settings.docker !== 'none');
  const onHost: Stand = {
    rules: { labelPrefix: options.labelPrefix, scope: 'all', bind: project.isStack ? openBind : hostBind },
    reach: { kind: 'host' },
    service: undefined,
    lacksCertificates: false,
    sight: 'unknown',
  };
  const stands = running.length === 0 ? [onHost] : watching.map((one) => standOf(one, project));
  const always = new Set(running.map(({ service }) => service));
  const findings = [
    ...fileFindings(project),
    ...running.flatMap((one) => one.findings),
    ...watching.flatMap(socketNotMounted),
    ...running.flatMap(authorityNotKept),
  ];
  for (const stand of stands) {
    for (const services of togetherness(project, always)) findings.push(...checkFrom(stand, services, project));
    if (project.isStack) findings.push(...checkStack(stand, written, project));
  }
  const isOurs = (service: ComposeService): boolean =>
    stands.some(({ rules }) => isLabelled(service, rules.labelPrefix));
  return {
    services: project.services.map(({ name }) => name),
    labelled: project.services.filter(isOurs).map(({ name }) => name),
    sealane: running.map(({ service }) => service.name),
    readAs,
    stackSign: options.readAs === undefined ? written.stackSign : undefined,
    findings: inOrder(withoutConsequences(findings)),
  };
}

/** A label is empty for want of a required variable: the variable is the one mistake. */
function withoutConsequences(findings: readonly Finding[]): Finding[] {
  const keyOf = ({ location }: Finding): string => formatLocation(location);
  const missing = new Set(findings.filter(({ code }) => code === 'variable-required').map(keyOf));
  return findings.filter((one) => one.code !== 'label-malformed' || !missing.has(keyOf(one)));
}

/** What is checked of a stack beside the rest. `written`: the project as compose reads it. */
function checkStack({ service, rules, sight }: Stand, written: ComposeProject, project: CheckedProject): Finding[] {
  const prefix = rules.labelPrefix;
  return project.services.flatMap(({ name }, index) => {
    const [own, merged] = [written.services[index], project.services[index]];
    const isSealane = name === service?.name;
    if (!own || !merged || !(isSealane || isLabelled(merged, prefix))) return [];
    return [...stackOnly(own, isSealane), ...deployLabels(own, { prefix, sight, sealane: service?.name })];
  });
}

function standOf(sealane: SealaneService, project: CheckedProject): Stand {
  const { service, settings, usesFile } = sealane;
  const reach = withJoined(reachOf(service, project), sealane, project);
  const rules: DiscoveryRules = {
    labelPrefix: settings['label-prefix'],
    scope: settings.scope,
    bind: settings.bind ?? (reach.kind === 'host' ? hostBind : openBind),
    socketFolder: settings['socket-folder'],
    // The configuration file, which is out of reach, may allow more.
    actions: usesFile || project.isStack ? undefined : new Set(settings['engine-actions']),
    names: namesRulesOf(settings),
  };
  const lacksCertificates = settings.certs.length === 0 && !usesFile;
  return { service, reach, rules, lacksCertificates, sight: sightOf(sealane) };
}

function reachOf(service: ComposeService, project: CheckedProject): Reach {
  const { networking } = toFacts(service, { ...project, project: project.name, position: 0 });
  switch (networking.kind) {
    case 'host':
      return { kind: 'host' };
    case 'none':
      return { kind: 'networks', networkIds: new Set() };
    case 'container': {
      const parent = project.services.find(({ name }) => name === networking.of);
      const sharesFurther = parent === undefined || /^(?:service|container):/.test(parent.networkMode);
      return sharesFurther ? { kind: 'networks', networkIds: new Set() } : reachOf(parent, project);
    }
    case 'networks': {
      const ids = networking.attachments.map(({ networkId }) => networkId);
      const internal = internalNetworks(project);
      const hasGateway = ids.some((id) => !internal.has(id));
      return { kind: 'networks', networkIds: new Set(ids), ...(hasGateway ? { gateway: '192.0.2.254' } : {}) };
    }
  }
}

function internalNetworks(project: ComposeProject): ReadonlySet<string> {
  const keys = [...project.networks].flatMap(([key, { internal }]) => (internal ? [key] : []));
  return new Set(keys.map((key) => networkName(key, { project: project.name, networks: project.networks })));
}

/**
 * Groups of services that can be up together: those of the given profiles, else those without one and each profile
 * alone.
 */
function togetherness(
  { services, profiles }: ComposeProject,
  always: ReadonlySet<ComposeService>,
): readonly (readonly ComposeService[])[] {
  const having = (wanted: readonly string[]): readonly ComposeService[] =>
    services.filter(
      (one) =>
        always.has(one) ||
        one.profiles.length === 0 ||
        wanted.includes('*') ||
        one.profiles.some((profile) => wanted.includes(profile)),
    );
  if (profiles.length > 0) return [having(profiles)];
  const each = new Set(services.flatMap((one) => one.profiles));
  return [having([]), ...[...each].map((profile) => having([profile]))];
}

function checkFrom(stand: Stand, services: readonly ComposeService[], project: CheckedProject): Finding[] {
  const { rules, reach } = stand;
  const prefix = rules.labelPrefix;
  const byName = new Map(services.map((service) => [service.name, service]));
  const facts = services.map((service, position) => {
    const plain = toFacts(service, { ...project, project: project.name, position });
    const isTold = project.isStack || plain.exposedPorts.length > 0 || !hasLabelsOf(prefix, plain.labels);
    return { ...plain, exposedPorts: isTold ? plain.exposedPorts : presumedPorts(plain, rules) };
  });
  const { declarations, problems } = createDiscoverer(rules)({
    containers: new Map(facts.map((one) => [one.id, one])),
    stopped: new Map(),
    vantage: { reach, project: project.name },
  });
  const merged = mergeDeclarations(declarations);
  const findings = [...problems, ...merged.problems].flatMap((problem) =>
    toFinding(problem, byName, { prefix, project }),
  );
  const listening = merged.services.flatMap((intent) =>
    intent.routes.flatMap((route): Listening[] => {
      const declaredBy = declarations.find(
        (one) => one.service === intent.name && listenOf(one) === route.listen,
      )?.declaredBy;
      const service = declaredBy?.kind === 'container' ? byName.get(declaredBy.id) : undefined;
      if (declaredBy?.kind !== 'container' || !service) return [];
      const locate = (...options: OptionName[]): SourceLocation =>
        routeLocation(service, prefix, declaredBy.route, options);
      return [{ intent, route, service: service.name, location: locate('listen', 'port'), tlsLocation: locate('tls') }];
    }),
  );
  const ours = new Set(services.filter((one) => one === stand.service || isLabelled(one, prefix)));
  return [
    ...findings,
    ...services.flatMap((service) => strayLabels(service, prefix, project.isStack)),
    ...services.flatMap((service) => sleepFindings(service, prefix, project)),
    ...(stand.service ? ofSealane(stand, stand.service, listening, project.isStack) : []),
    ...publishConflicts(services, ours, project.isStack),
    ...(reach.kind === 'host' ? hostConflicts(services, listening) : []),
  ];
}

/** What is wrong with the addresses that Sealane's own container listens on. */
function ofSealane(
  { rules, lacksCertificates }: Stand,
  service: ComposeService,
  listening: readonly Listening[],
  isStack: boolean,
): Finding[] {
  const { own, shared } = apartFromNames(listening, rules, service);
  return [
    ...unpublished(service, [...own, ...shared], isStack),
    // The local authority makes the certificates for names.
    ...(lacksCertificates ? withoutCertificate(service, own) : []),
  ];
}

/** Fixes that differ while no container runs yet. */
const fixes: Readonly<Partial<Record<ProblemCode, string>>> = {
  'labels-differ': 'Give all services of one pool the same labels.',
  'not-on-network': 'Correct the network label, or put the service on that network.',
};

function toFinding(
  problem: Problem,
  services: ReadonlyMap<string, ComposeService>,
  { prefix, project }: { readonly prefix: string; readonly project: CheckedProject },
): Finding[] {
  const service = services.get(problem.containerId ?? '');
  if (!service) return [];
  const location = locationOf(problem, service, prefix);
  if (problem.code === 'port-unclear') {
    if (project.isStack) return [portUnknown(problem, service, location)];
    // Only the engine knows which ports the image exposes, and whether a container outside of the file exists.
    if (service.ports.length === 0 && service.expose.length === 0) return [];
  }
  if (problem.code === 'namespace-lost') return [];
  const unset = problem.label === undefined ? [] : (service.labels.get(problem.label)?.unset ?? []);
  const because = unset.length === 0 ? '' : `; nothing sets ${unset.map((name) => `$${printable(name)}`).join(', ')}`;
  const set = `Set ${unset.map((name) => printable(name)).join(' and ')} in ${placeOfVariables(project)}.`;
  return [
    {
      code: problem.code,
      location,
      service: service.name,
      message: problem.message + because,
      fix: unset.length > 0 ? set : (fixes[problem.code] ?? problem.fix),
    },
  ];
}

function portUnknown({ code, fix }: Problem, { name }: ComposeService, location: SourceLocation): Finding {
  const message = 'a manager does not tell which ports an image exposes, so a stack has to name the port';
  return { code, location, service: name, message, fix };
}
