import { z } from 'zod';

/**
 * Zod schemas of the parts of the engine's JSON that Sealane reads. They tolerate what differs between API 1.40 and
 * 1.52 (null or missing parts, unknown fields), and are strict only where a wrong guess would point at the wrong
 * container.
 */

/**
 * Labels and event attributes are hostile: a key may be `__proto__` or `constructor`. The result is an object without a
 * prototype, which has such keys as ordinary ones and inherits nothing.
 */
export const labelsSchema = z
  .unknown()
  .optional()
  .transform((value, context): Readonly<Record<string, string>> => {
    const labels: Record<string, string> = Object.create(null) as Record<string, string>;
    if (value === null || value === undefined) return labels;
    if (typeof value !== 'object' || Array.isArray(value)) {
      context.addIssue({ code: 'custom', message: 'expected an object of strings' });
      return z.NEVER;
    }
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== 'string') {
        context.addIssue({ code: 'custom', message: 'expected every value to be a string' });
        return z.NEVER;
      }
      labels[key] = text;
    }
    return labels;
  });

const networkSchema = z.object({
  NetworkID: z.string().nullish(),
  EndpointID: z.string().nullish(),
  IPAddress: z.string().nullish(),
  MacAddress: z.string().nullish(),
  GlobalIPv6Address: z.string().nullish(),
  DriverOpts: z.record(z.string(), z.string()).nullish().catch(undefined),
  Aliases: z.array(z.string()).nullish().catch(undefined),
});

const networksSchema = z.record(z.string(), networkSchema.nullable()).nullish();

const bindingSchema = z.object({ HostIp: z.string().nullish(), HostPort: z.string().nullish() });

const idSchema = z.string().regex(/^[0-9a-f]{12,64}$/);

const healthSchema = z.object({ Status: z.string().nullish() }).nullish();

export const inspectSchema = z.object({
  Id: idSchema,
  Name: z.string(),
  Created: z.string(),
  RestartCount: z.number().nullish(),
  State: z.object({
    Status: z.string().nullish(),
    Running: z.boolean().nullish(),
    /** 0 while no process runs. */
    Pid: z.int().positive().nullish().catch(undefined),
    StartedAt: z.string().nullish(),
    FinishedAt: z.string().nullish(),
    ExitCode: z.number().nullish(),
    Health: healthSchema,
    /** The name that some versions of Podman give it. */
    Healthcheck: healthSchema,
  }),
  Config: z.object({
    Image: z.string().nullish(),
    Labels: labelsSchema,
    ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
    StopSignal: z.union([z.string(), z.number()]).nullish(),
    StopTimeout: z.number().nullish(),
  }),
  HostConfig: z
    .object({ NetworkMode: z.string().nullish(), AutoRemove: z.boolean().nullish().catch(undefined) })
    .nullish(),
  NetworkSettings: z
    .object({
      Networks: networksSchema,
      Ports: z.record(z.string(), z.array(bindingSchema).nullable()).nullish(),
    })
    .nullish(),
});

export const listRowSchema = z.object({
  Id: idSchema,
  Names: z.array(z.string()).nullish(),
  /** Only compared: Docker gives a number of seconds, and some versions of Podman a text. */
  Created: z.union([z.number(), z.string()]).nullish(),
  Labels: labelsSchema,
  State: z.string().nullish(),
  Status: z.string().nullish(),
  /** The ports are mostly compared, so that any shape is accepted. */
  Ports: z.array(z.unknown()).nullish(),
  HostConfig: z.object({ NetworkMode: z.string().nullish() }).nullish(),
  NetworkSettings: z.object({ Networks: networksSchema }).nullish(),
});

/** A row's port that is published on the host. */
export const publicPortSchema = z.object({ Type: z.literal('tcp'), PublicPort: z.number() });

/**
 * The fields `status`, `id` and `from` repeat these in older engines and are gone in API 1.52, so they are not read.
 */
export const eventSchema = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: labelsSchema }),
  /** Seconds since the Unix epoch. */
  time: z.number().nullish(),
  /** Nanoseconds since the Unix epoch, exact as in the source text (see event-json.ts). */
  timeNano: z.bigint().nullish(),
});

export const networkInspectSchema = z.object({ Driver: z.string().min(1), Internal: z.boolean().nullish() });

const bytesSchema = z.number().nonnegative().nullish().catch(undefined);

/** What a container's processes use. The files that the kernel keeps in memory for a while count on their own. */
export const statsSchema = z.object({
  memory_stats: z
    .object({
      usage: bytesSchema,
      /** By version 2 of control groups, and by version 1. */
      stats: z.object({ inactive_file: bytesSchema, total_inactive_file: bytesSchema }).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
});

/** A network with its containers, by id. The addresses have prefix lengths. */
export const networkContainersSchema = z.object({
  Id: z.string().min(1),
  Driver: z.string().min(1),
  Containers: z
    .record(z.string(), z.object({ IPv4Address: z.string().nullish(), IPv6Address: z.string().nullish() }))
    .nullish(),
});

/** A field that makes no sense costs none of the others, here and below: they may say that the engine is rootless. */
export const versionSchema = z.object({
  Platform: z.object({ Name: z.string().nullish() }).nullish().catch(undefined),
  Components: z
    .array(z.object({ Name: z.string().nullish() }).catch({}))
    .nullish()
    .catch(undefined),
  KernelVersion: z.string().nullish().catch(undefined),
});

/** Docker tells in its security options that it is rootless, Podman in a field of its own. */
export const infoSchema = z.object({
  SecurityOptions: z.array(z.string().catch('')).nullish().catch(undefined),
  Rootless: z.boolean().nullish().catch(undefined),
  /** `Docker Desktop` for its virtual machine. */
  OperatingSystem: z.string().nullish().catch(undefined),
  KernelVersion: z.string().nullish().catch(undefined),
});

/** The `Date` of an answer, in milliseconds since the Unix epoch. */
export const dateSchema = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number());

/** The body of an engine's error answer. */
export const errorBodySchema = z.object({ message: z.string() });

export type InspectJson = z.infer<typeof inspectSchema>;
export type EventJson = z.infer<typeof eventSchema>;
export type ListRowJson = z.infer<typeof listRowSchema>;
