import { gatewayBridge, lanDrivers, type NetworkAttachment } from '../docker/facts.ts';
import { printable, quoted } from '../text/printable.ts';

/**
 * Decides which networks Sealane's own container has to join, and which of those that it joined it may leave. Pure.
 *
 * A network is needed where a container shares none with Sealane but the joined ones. What is needed depends on the
 * containers and on the networks that Sealane was given, and not on the order in which it came to join.
 */
export interface JoinWorld {
  /** The networks of Sealane's own container. */
  readonly own: readonly NetworkAttachment[];
  readonly containers: readonly JoinContainer[];
}

/** A container with labels. */
export interface JoinContainer {
  readonly id: string;
  readonly name: string;
  readonly project: string | undefined;
  /** The networks of the container, or of the one whose network it shares. */
  readonly attachments: readonly NetworkAttachment[];
  /** The networks that its labels name; empty where any will do. */
  readonly named: readonly string[];
}

export interface JoinRules {
  /** Whether internal networks are joined, too. */
  readonly internal: boolean;
  /** Whether the engine leaves the gateway of a container that joins a network where it is. */
  readonly keepsGateway: boolean;
}

export interface JoinPlan {
  /** The networks to join, with the container that needs each of them. */
  readonly join: readonly Joinable[];
  /** Of the networks that Sealane joined, those that no container needs. */
  readonly leave: readonly NetworkAttachment[];
  /** What containers wait for that share no network with Sealane, by their ids. */
  readonly waiting: ReadonlyMap<string, Waiting>;
}

interface Joinable {
  readonly network: NetworkAttachment;
  readonly container: JoinContainer;
}

type Waiting = { readonly kind: 'join'; readonly network: NetworkAttachment } | Refusal;

/** Sealane does not join the network by itself; both texts are safe to print. */
interface Refusal {
  readonly kind: 'refused';
  /** The rest of a sentence that begins with "Sealane". */
  readonly reason: string;
  readonly fix: string;
}

/** One container needs one of these networks, each of which Sealane may join. */
interface Need {
  readonly container: JoinContainer;
  readonly networks: readonly NetworkAttachment[];
}

/** The networks of a Swarm itself, which no container is connected to by hand. */
const unjoinable: ReadonlySet<string> = new Set([gatewayBridge, 'ingress']);

export function planJoins(world: JoinWorld, rules: JoinRules): JoinPlan {
  const given = new Set(world.own.flatMap(({ networkId, joined }) => (joined ? [] : networkId)));
  const joined = new Set(world.own.flatMap(({ networkId, joined: isJoined }) => (isJoined ? networkId : [])));
  const waiting = new Map<string, Waiting>();
  const needs: Need[] = [];
  for (const container of world.containers) {
    for (const choices of neededBy(container, given)) {
      const verdicts = choices.map((network) => ({ network, refusal: refusalOf(network, world.own, rules) }));
      const networks = verdicts.flatMap(({ network, refusal }) => (refusal ? [] : network));
      const refusal = verdicts.find((one) => one.refusal)?.refusal;
      if (networks.length > 0) needs.push({ container, networks });
      else if (refusal) waiting.set(container.id, refusal);
    }
  }
  const needed = chosenOf(needs, joined);
  for (const { container, networks } of needs) {
    const network = networks.find(({ networkId }) => needed.has(networkId));
    if (network && !joined.has(network.networkId)) waiting.set(container.id, { kind: 'join', network });
  }
  return {
    join: [...needed.values()].filter(({ network }) => !joined.has(network.networkId)),
    leave: world.own.filter(({ networkId, joined: isJoined }) => isJoined && !needed.has(networkId)),
    waiting,
  };
}

/** For each network that a container must share: those of which one will do. None where Sealane was given one of them. */
function neededBy(
  { attachments, named, project }: JoinContainer,
  given: ReadonlySet<string>,
): readonly (readonly NetworkAttachment[])[] {
  const real = attachments
    .filter(({ networkId, name }) => networkId !== '' && !unjoinable.has(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const choices =
    named.length === 0
      ? [real]
      : named.map((name) => real.filter((one) => one.name === name || one.name === `${project}_${name}`).slice(0, 1));
  return choices.filter((one) => one.length > 0 && !one.some(({ networkId }) => given.has(networkId)));
}

/** As few networks as possible, without a search for the fewest: what has no choice comes first, and joined before others. */
function chosenOf(needs: readonly Need[], joined: ReadonlySet<string>): ReadonlyMap<string, Joinable> {
  const chosen = new Map<string, Joinable>();
  for (const { container, networks } of needs.toSorted((a, b) => a.networks.length - b.networks.length)) {
    if (networks.some(({ networkId }) => chosen.has(networkId))) continue;
    const network = networks.find(({ networkId }) => joined.has(networkId)) ?? networks[0];
    if (network) chosen.set(network.networkId, { network, container });
  }
  return chosen;
}

function refusalOf(
  network: NetworkAttachment,
  own: readonly NetworkAttachment[],
  { internal, keepsGateway }: JoinRules,
): Refusal | undefined {
  const name = quoted(network.name);
  if (network.driver === undefined)
    return refused(
      `does not know whether network ${name} is internal, and so does not join it`,
      'Let a socket proxy before the engine allow GET /networks/{id}, or connect Sealane by hand.',
    );
  if (lanDrivers.has(network.driver))
    return refused(
      `does not join ${network.driver} network ${name}, which would give it an address on the LAN`,
      'Connect Sealane by hand, or put the container on another network, too.',
    );
  if (network.internal && !internal)
    return refused(
      `does not join network ${name}, which is internal`,
      'Let it join internal networks, too (--join-internal), or put the container on another network.',
    );
  const isOn = own.some(({ networkId }) => networkId === network.networkId);
  const gateway = gatewayOf(own);
  if (keepsGateway || network.internal || isOn || gateway === undefined || gateway < network.name) return undefined;
  return refused(
    `does not join network ${name}: this engine would move the published ports of its container there from ` +
      `${quoted(gateway)}, which comes later in the alphabet, and cut their clients`,
    `Update Docker to 28 or newer, or put Sealane on ${printable(network.name)} when it is created, under \`networks:\` in its compose file.`,
  );
}

/** The network that the container's default gateway is on, where the engine decides by name. */
function gatewayOf(own: readonly NetworkAttachment[]): string | undefined {
  return own
    .filter(({ internal, name }) => !internal && name !== gatewayBridge)
    .map(({ name }) => name)
    .toSorted()[0];
}

function refused(reason: string, fix: string): Refusal {
  return { kind: 'refused', reason, fix };
}
