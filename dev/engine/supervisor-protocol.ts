import { z } from 'zod';

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
  z.object({ kind: z.literal('failed'), reason: z.string() }),
  z.object({ kind: z.literal('released') }),
]);

/** Which engine a supervisor starts: its only argument. */
export type EngineKind = 'docker' | 'podman';

export type SupervisorMessage = z.infer<typeof supervisorMessage>;

export const parentMessage = z.object({ kind: z.literal('release') });

export type ParentMessage = z.infer<typeof parentMessage>;
