import { z } from 'zod';
import { creatorLabels } from '../creator.ts';
import {
  eventSchema,
  infoSchema,
  inspectSchema,
  labelsSchema,
  listRowSchema,
  networkContainersSchema,
  networkInspectSchema,
  statsSchema,
  versionSchema,
} from '../schema.ts';
import { nodeSchema, serviceSchema, standingSchema, swarmEventSchema, taskSchema } from '../swarm/schema.ts';
import { objectWith, type Shape } from './json-sieve.ts';

/**
 * The parts of the engine's answers that are kept, derived from the schemas that read them. Of labels, only those that
 * Sealane reads are kept: no other label, variable or mount of a container counts for any limit.
 */
export interface KeptShapes {
  readonly list: Shape;
  readonly inspect: Shape;
  readonly event: Shape;
  readonly network: Shape;
  readonly stats: Shape;
  /** A network with its containers. */
  readonly gateway: Shape;
  readonly version: Shape;
  readonly info: Shape;
  readonly services: Shape;
  readonly tasks: Shape;
  readonly nodes: Shape;
  readonly swarmEvent: Shape;
}

/**
 * What is kept of one container or event at most. The greatest known: a container that publishes all 65,535 ports for
 * IPv4 and IPv6 has 6 MB of them in its inspect answer.
 */
export const maxKeptBytes = 8 * 1024 * 1024;

/** How much of a container's labels is kept at most: room for an access list of 50,000 networks. */
const maxLabelBytes = 1024 * 1024;

/** A longer value of a label or attribute that is not Sealane's own is as good as none. */
const maxForeignBytes = 4096;

/** The labels of others that are read; and of events, whose labels and attributes are mixed, the attributes. */
const foreignLabels: ReadonlySet<string> = new Set([...creatorLabels, 'container', 'name', 'signal']);

export function keptShapes(labelPrefix: string): KeptShapes {
  const own = `${labelPrefix}.`;
  const labels: Shape = {
    kind: 'object',
    maxBytes: maxLabelBytes,
    member(key) {
      if (key.startsWith(own)) return { shape: 'whole' };
      return foreignLabels.has(key) ? { shape: 'whole', maxBytes: maxForeignBytes } : undefined;
    },
  };
  return {
    list: { kind: 'array', of: shapeOf(listRowSchema, labels) },
    inspect: shapeOf(inspectSchema, labels),
    event: shapeOf(eventSchema, labels),
    network: shapeOf(networkInspectSchema, labels),
    stats: shapeOf(statsSchema, labels),
    gateway: shapeOf(networkContainersSchema, labels),
    version: shapeOf(versionSchema, labels),
    info: shapeOf(z.object({ ...infoSchema.shape, ...standingSchema.shape }), labels),
    services: { kind: 'array', of: shapeOf(serviceSchema, labels) },
    tasks: { kind: 'array', of: shapeOf(taskSchema, labels) },
    nodes: { kind: 'array', of: shapeOf(nodeSchema, labels) },
    swarmEvent: shapeOf(swarmEventSchema, labels),
  };
}

function shapeOf(schema: unknown, labels: Shape): Shape {
  if (schema === labelsSchema) return labels;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return shapeOf(schema.unwrap(), labels);
  if (schema instanceof z.ZodArray) return { kind: 'array', of: shapeOf(schema.element, labels) };
  if (schema instanceof z.ZodRecord) {
    const value = shapeOf(schema.valueType, labels);
    return { kind: 'object', member: () => ({ shape: value }) };
  }
  if (!(schema instanceof z.ZodObject)) return 'whole';
  return objectWith(
    new Map(Object.entries(schema.shape).map(([key, value]) => [key, { shape: shapeOf(value, labels) }])),
  );
}
