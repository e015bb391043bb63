import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { callName, endpointPaths, engineEndpoints, inWords, pathOf } from '../../../src/docker/endpoints.ts';
import { changeName, changingEndpoints, type EngineChange } from '../../../src/docker/engine-actions.ts';
import { badStatus } from '../../../src/docker/engine-errors.ts';

describe('the endpoints that Sealane calls', () => {
  test('are those that their page names, with what Sealane does not know without them', async () => {
    const page = (await readFile('docs/engine-actions.md', 'utf8')).replaceAll(/\s+/g, ' ');
    const code = (path: string): string => `\`${path}\``;
    expect(page).toContain(`calls ${inWords(endpointPaths('needed').map((path) => code(`GET ${path}`)))}`);
    const ofSwarm = inWords(endpointPaths('swarm').map((path) => code(`GET ${path}`)));
    expect(page).toContain(`it also calls ${ofSwarm}, without which it does not know ${engineEndpoints.tasks.without}`);
    for (const { path, ...rest } of Object.values(engineEndpoints))
      if ('without' in rest && !('ofSwarm' in rest))
        expect(page).toContain(`without ${code(`GET ${path}`)} it does not know ${rest.without}`);
  });

  test('that change something are named by their page, each for the action that allows it', async () => {
    const page = await readFile('docs/engine-actions.md', 'utf8');
    const byAction = Map.groupBy(Object.entries(changingEndpoints), ([, { action }]) => action);
    for (const [action, changes] of byAction) {
      const calls = changes.map(([change]) => `\`${changeName(change as EngineChange)}\``);
      expect(page).toMatch(new RegExp(`^\\| \`${action}\` \\| .* \\| ${RegExp.escape(calls.join(', '))} \\|$`, 'm'));
    }
  });

  test('are what a socket proxy is said to have to allow', () => {
    const failed = { endpoint: 'tcp://proxy:2375', target: { kind: 'socket', path: '/x' }, call: 'GET /x' } as const;
    expect(badStatus(failed, 403, undefined, '').message).toContain(
      'GET /_ping, /events, /containers/json and /containers/{id}/json',
    );
  });

  test('of a Swarm are what a socket proxy may refuse, who then has to say that no Swarm is wanted', () => {
    const failed = {
      endpoint: 'tcp://proxy:2375',
      target: { kind: 'socket', path: '/x' },
      call: 'GET /tasks',
    } as const;
    expect(badStatus(failed, 403, undefined, '').message).toContain(
      'let it allow GET /services, /tasks and /nodes, too, or set --swarm off',
    );
  });

  test('hold an id as one segment of the path', () => {
    expect(pathOf('inspect', 'a/../b?$&')).toBe('/containers/a%2F..%2Fb%3F%24%26/json');
    expect(callName('inspect')).toBe('GET /containers/{id}/json');
  });
});
