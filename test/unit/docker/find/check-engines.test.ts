import { describe, expect, test } from 'vitest';
import { checkEngines } from '../../../../src/docker/find/check-engines.ts';
import { EngineError, type EngineGreeting } from '../../../../src/docker/engine.ts';
import { dockerDialect } from '../../../../src/docker/dialect.ts';

const answers = async (): Promise<EngineGreeting> => ({ apiVersion: '1.41', dialect: dockerDialect });
const hangs = (): Promise<EngineGreeting> => new Promise(() => {});
const failing = (kind: EngineError['kind']) => async (): Promise<EngineGreeting> => {
  throw new EngineError(kind, `it is ${kind}`);
};
const engine = (name: string | undefined, ping: () => Promise<EngineGreeting>) => ({ name, engine: { ping } });

describe('a start', () => {
  test.each([
    ['another one never answers', hangs],
    ['another one is no engine', failing('nonsense')],
    ['another one may not be opened', failing('permission')],
  ])('goes on with an engine that answers, where %s', async (_, other) => {
    await checkEngines([engine('a', answers), engine('b', other)]);
    await checkEngines([engine('b', other), engine('a', answers)]);
  });

  test('goes on with an engine that may be reached later', async () => {
    await checkEngines([engine('a', failing('unreachable')), engine('b', failing('nonsense')), engine('c', hangs)]);
  });

  test('ends with a line for each engine where none can work', async () => {
    const both = [engine('a', failing('nonsense')), engine('b', failing('permission'))];
    await expect(checkEngines(both)).rejects.toMatchObject({
      lines: ['engine a: it is nonsense', 'engine b: it is permission'],
    });
    await expect(checkEngines([engine(undefined, failing('nonsense'))])).rejects.toThrow(/^it is nonsense$/);
  });
});
