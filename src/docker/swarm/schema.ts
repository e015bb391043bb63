import { z } from 'zod';
import { labelsSchema } from '../schema.ts';

/**
 * Zod schemas of what Sealane reads of a Swarm. Go leaves out what is empty, and writes `null` or a zero value at some
 * places instead.
 */
const idSchema = z.string().regex(/^[0-9a-z]{1,64}$/);

/** The Swarm's part of the answer to `GET /info`; Podman has one, too. */
export const standingSchema = z.object({
  Swarm: z
    .object({
      NodeID: z.string().nullish(),
      LocalNodeState: z.string().nullish(),
      ControlAvailable: z.boolean().nullish(),
      Cluster: z.object({ ID: z.string().nullish() }).nullish(),
    })
    .nullish(),
});

/** A template without containers is that of a plugin, or of a container that joined a network. */
const templateSchema = z.object({
  ContainerSpec: z
    .object({
      Labels: labelsSchema,
      Healthcheck: z.object({ Test: z.array(z.string()).nullish() }).nullish(),
      /** Nanoseconds. */
      StopGracePeriod: z.number().nullish(),
    })
    .nullish(),
});

const portSchema = z.object({
  Protocol: z.string().nullish(),
  TargetPort: z.number(),
  PublishedPort: z.number().nullish(),
  PublishMode: z.string().nullish(),
});

export const serviceSchema = z.object({
  ID: idSchema,
  CreatedAt: z.string(),
  Spec: z.object({
    Name: z.string(),
    Labels: labelsSchema,
    TaskTemplate: templateSchema.nullish(),
    EndpointSpec: z.object({ Ports: z.array(portSchema).nullish() }).nullish(),
    Mode: z
      .object({
        Replicated: z.object({ Replicas: z.number().nullish() }).nullish(),
        ReplicatedJob: z.object({}).nullish(),
        GlobalJob: z.object({}).nullish(),
      })
      .nullish(),
  }),
  UpdateStatus: z.object({ State: z.string().nullish() }).nullish(),
});

export const taskSchema = z.object({
  ID: idSchema,
  ServiceID: z.string().nullish(),
  NodeID: z.string().nullish(),
  Slot: z.int().nonnegative().nullish(),
  CreatedAt: z.string(),
  Spec: templateSchema.nullish(),
  DesiredState: z.string(),
  Status: z.object({
    Timestamp: z.string().nullish(),
    State: z.string(),
    Message: z.string().nullish(),
    Err: z.string().nullish(),
    ContainerStatus: z.object({ ContainerID: z.string().nullish() }).nullish(),
    PortStatus: z.object({ Ports: z.array(portSchema).nullish() }).nullish(),
  }),
  NetworksAttachments: z
    .array(
      z.object({
        Network: z
          .object({
            ID: z.string().nullish(),
            Spec: z.object({ Name: z.string().nullish() }).nullish(),
            DriverState: z.object({ Name: z.string().nullish() }).nullish(),
          })
          .nullish(),
        Addresses: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
});

export const nodeSchema = z.object({
  ID: idSchema,
  Spec: z.object({ Role: z.string().nullish(), Availability: z.string().nullish() }),
  Description: z.object({ Hostname: z.string().nullish() }).nullish(),
  Status: z.object({ State: z.string().nullish(), Addr: z.string().nullish() }).nullish(),
  ManagerStatus: z.object({ Addr: z.string().nullish() }).nullish(),
});

/** Of an event, only what it is about matters: it is a hint to ask again. */
export const swarmEventSchema = z.object({
  Type: z.enum(['service', 'node']),
  Actor: z.object({ ID: z.string().min(1) }),
});

export type TaskJson = z.infer<typeof taskSchema>;
export type TemplateJson = z.infer<typeof templateSchema>;
