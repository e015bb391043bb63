import { z } from 'zod';
import { swarmMachine } from './swarm-machine.ts';

/**
 * The messages between a supervisor and its parent process over the IPC channel. The end of the channel, for whatever
 * reason, means the same as `release`.
 */
export const supervisorMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), line: z.string() }),
  z.object({
    kind: z.literal('docker-ready'),
    host: z.string(),
    folder: z.string(),
    pool: z.string(),
    bridge: z.string(),
  }),
  z.object({
    kind: z.literal('podman-ready'),
    host: z.string(),
    folder: z.string(),
    enginePid: z.number(),
    address: z.string(),
    device: z.string(),
  }),
  z.object({ kind: z.literal('swarm-ready'), folder: z.string(), machines: z.array(swarmMachine) }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
  z.object({ kind: z.literal('released') }),
]);

/** What a supervisor starts: its first argument. The second one of a `swarm` is the number of its machines. */
export type EngineKind = 'docker' | 'podman' | 'swarm';

export type SupervisorMessage = z.infer<typeof supervisorMessage>;

export const parentMessage = z.object({ kind: z.literal('release') });

export type ParentMessage = z.infer<typeof parentMessage>;
