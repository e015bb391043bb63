import { describe, expect, test } from 'vitest';
import type { NetworkAttachment } from '../../../src/docker/facts.ts';
import { planJoins, type JoinContainer } from '../../../src/joining/plan.ts';

/** `shop!` is internal, `shop?` of an unknown kind, `shop%` on the LAN; `+shop` was joined by Sealane. */
function network(text: string): NetworkAttachment {
  const name = text.replaceAll(/[!?%+]/g, '');
  return {
    name,
    networkId: `id-${name}`,
    ...(!text.includes('?') && { driver: text.includes('%') ? 'macvlan' : 'bridge' }),
    ...(text.includes('!') && { internal: true }),
    ...(text.includes('+') && { joined: true }),
  };
}

function container(name: string, networks: string, named: readonly string[] = []): JoinContainer {
  const attachments = networks.split(' ').filter(Boolean).map(network);
  return { id: name, name, project: 'shop', attachments, named };
}

interface Case {
  readonly own: string;
  readonly containers: readonly JoinContainer[];
  readonly internal?: boolean;
  readonly keepsGateway?: boolean;
}

function plan({ own, containers, internal = false, keepsGateway = true }: Case) {
  const { join, leave, waiting } = planJoins(
    { own: own.split(' ').map(network), containers },
    { internal, keepsGateway },
  );
  return {
    join: join.map((one) => `${one.network.name} for ${one.container.name}`),
    leave: leave.map(({ name }) => name),
    waiting: Object.fromEntries(
      [...waiting].map(([id, one]) => [id, one.kind === 'join' ? one.network.name : one.reason]),
    ),
  };
}

describe('the networks to join', () => {
  test.each<readonly [string, Case, readonly string[]]>([
    ['are those of containers that share none', { own: 'own', containers: [container('web', 'a')] }, ['a for web']],
    ['are none where one is shared', { own: 'own', containers: [container('web', 'a own')] }, []],
    ['are none where it is joined already', { own: 'own +a', containers: [container('web', 'a')] }, []],
    [
      'are as few as containers share',
      { own: 'own', containers: [container('web', 'a b'), container('api', 'b')] },
      ['b for api'],
    ],
    ['are the first by name where any will do', { own: 'own', containers: [container('web', 'c b')] }, ['b for web']],
    ['stay the same where a joined one will do', { own: 'own +c', containers: [container('web', 'c b')] }, []],
    [
      'are those that labels name, by the name that compose gives them, too',
      { own: 'own', containers: [container('web', 'a own shop_back', ['back'])] },
      ['shop_back for web'],
    ],
    [
      'are none where the label names a network that the container is not on',
      { own: 'own', containers: [container('web', 'a', ['nowhere'])] },
      [],
    ],
    [
      'are none of a Swarm’s own',
      { own: 'own', containers: [container('web', 'docker_gwbridge ingress shop')] },
      ['shop for web'],
    ],
    [
      'are internal ones if told so',
      { own: 'own', internal: true, containers: [container('web', 'a!')] },
      ['a for web'],
    ],
    ['are others where one may not be joined', { own: 'own', containers: [container('web', 'a! b')] }, ['b for web']],
    [
      'are those after the gateway’s by name where the engine decides by name',
      { own: 'own', keepsGateway: false, containers: [container('web', 'a z')] },
      ['z for web'],
    ],
    [
      'may be internal, or the first one with a gateway, where the engine decides by name',
      { own: 'own!', internal: true, keepsGateway: false, containers: [container('web', 'a'), container('db', 'b!')] },
      ['a for web', 'b for db'],
    ],
  ])('%s', (_, given, join) => {
    expect(plan(given).join).toEqual(join);
  });

  test.each([
    ['an internal one', 'a!', 'does not join network "a", which is internal'],
    ['one of an unknown kind', 'a?', 'does not know whether network "a" is internal'],
    ['one of the LAN', 'a%', 'does not join macvlan network "a"'],
    ['one that would get the published ports', 'a', 'this engine would move the published ports of its container'],
  ])('are not %s, and it is said why', (_, networks, reason) => {
    const given = { own: 'own', keepsGateway: false, containers: [container('web', networks)] };
    expect(plan(given)).toEqual({ join: [], leave: [], waiting: { web: expect.stringContaining(reason) as string } });
  });
});

describe('the networks to leave', () => {
  test.each<readonly [string, Case, readonly string[]]>([
    ['are those that Sealane joined and nothing needs', { own: 'own +a', containers: [] }, ['a']],
    ['are none that Sealane did not join', { own: 'own a', containers: [] }, []],
    [
      'are those whose containers came to a network that Sealane was given',
      { own: 'own +a', containers: [container('web', 'a own')] },
      ['a'],
    ],
    [
      'are internal ones that are not to be joined any more',
      { own: 'own +a!', containers: [container('web', 'a!')] },
      ['a'],
    ],
    [
      'are none that only another order of joining would have spared',
      { own: 'own +a', keepsGateway: false, containers: [container('web', 'a')] },
      [],
    ],
  ])('%s', (_, given, leave) => {
    expect(plan(given).leave).toEqual(leave);
  });
});
