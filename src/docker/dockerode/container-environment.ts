import { z } from 'zod';
import { EngineClock } from '../engine-clock.ts';
import { EngineError } from '../engine.ts';
import type { EngineAddress } from '../engine-url.ts';
import { keptShapes } from '../json/kept-shapes.ts';
import { EngineCalls } from './engine-calls.ts';

/**
 * Reads the environment of a container from its engine, for `sealane swap --env`. It is no part of the engine port: a
 * container's variables hold its secrets, and a Sealane that serves never asks for them.
 */
const environmentSchema = z.object({ Config: z.object({ Env: z.array(z.string()).nullish() }) });

/**
 * The variables of the container with this id, by name; undefined where no engine at these addresses has it.
 *
 * @throws EngineError where no engine answers
 */
export async function readEnvironment(
  addresses: readonly EngineAddress[],
  id: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  let failure: unknown = new EngineError('unreachable', 'no engine is configured');
  for (const { url, target } of addresses) {
    const parts = { endpoint: url, target, clock: new EngineClock(), kept: keptShapes('sealane') };
    const calls = new EngineCalls(parts, { deadlineMs: 10_000, pingDeadlineMs: 5_000, ssh: ['ssh'] });
    try {
      await calls.ping();
      return await environmentOf(calls, id);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function environmentOf(calls: EngineCalls, id: string): Promise<ReadonlyMap<string, string> | undefined> {
  const answer = await calls.json({ name: 'inspect', id }, 'whole', undefined, { mayBeMissing: true });
  if (!answer) return undefined;
  const parsed = environmentSchema.safeParse(answer.ok ? answer.value : undefined);
  if (!parsed.success) throw new EngineError('nonsense', `container ${id.slice(0, 12)} cannot be understood`);
  return new Map(
    (parsed.data.Config.Env ?? []).flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
}
