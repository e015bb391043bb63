import { z } from 'zod';
import {
  openClients,
  serviceCounters,
  shownCounters,
  threadCounters,
  upstreamCounters,
  type CounterDeclaration,
  type ShownCounter,
} from '../relay/boundary/counter-table.ts';
import {
  liveOnlyFields,
  recordFieldNames,
  recordFields,
  sessionStates,
  type LiveFieldName,
  type RecordFieldName,
  type SessionField,
} from '../relay/boundary/session-fields.ts';

/**
 * Fields of the API that are derived from declarations elsewhere: the relay's counters and the fields of a session. A
 * counter with a metric is also a field here, under the name that it has in the relay.
 */
export const time = z.iso.datetime();
export const count = z.int().min(0);
const bytes = z.number().min(0);
const milliseconds = z.number().min(0);

type TrafficField = ShownCounter<typeof upstreamCounters>;

/** The counters of an upstream, or of all upstreams of a service. */
export const trafficFields = shownCounters(upstreamCounters);
export const trafficShape = shapeOf(trafficFields);

/** The counters that the event stream sends once a second. */
export const statsFields = ['active', 'sessions', 'bytesUp', 'bytesDown'] as const satisfies readonly TrafficField[];
export const statsShape = shapeOf(statsFields);

export const heldSchema = counterSchema(serviceCounters.held);
export const failuresSchema = z
  .record(z.string(), count)
  .describe('Sessions that failed since the start, by reason; a reason that never occurred is absent.');
export const clientsShape = {
  accepted: counterSchema(threadCounters.accepted),
  open: counterSchema(openClients),
  held: heldSchema,
};

function shapeOf<Name extends TrafficField>(names: readonly Name[]): Record<Name, z.ZodNumber> {
  const shape = names.map((name) => [name, counterSchema(upstreamCounters[name])]);
  return Object.fromEntries(shape) as Record<Name, z.ZodNumber>;
}

function counterSchema({ unit, help }: CounterDeclaration): z.ZodNumber {
  return (unit === 'bytes' ? bytes : count).describe(help);
}

const fieldSchemas = {
  text: z.string(),
  'optional text': z.string().nullable(),
  reason: z.string(),
  count,
  bytes,
  milliseconds,
  moment: time,
} satisfies Record<SessionField['kind'], z.ZodType>;

/** The API's name of a field: a moment is in milliseconds in the relay and an ISO time here, as `startedAt`. */
type ApiName<Name extends RecordFieldName> = (typeof recordFields)[Name]['kind'] extends 'moment'
  ? Name extends `${infer Base}Ms`
    ? Base
    : Name
  : Name;
type LiveShape = {
  [Name in LiveFieldName as ApiName<Name>]: (typeof fieldSchemas)[(typeof recordFields)[Name]['kind']];
};

/** The fields of a session that ended. */
export const endedFields = recordFieldNames.map((name) => {
  const field: SessionField = recordFields[name];
  return { name, apiName: field.kind === 'moment' ? name.replace(/Ms$/, '') : name, ...field };
});

/** Those that a running session has, too. */
export const liveFields = endedFields.filter(
  (field): field is typeof field & { readonly name: LiveFieldName } => field.live === true,
);

/** The schema of a running session, which always has a service. */
export const liveSessionShape = {
  ...(Object.fromEntries(
    liveFields.map(({ apiName, kind, help }) => [apiName, fieldSchemas[kind].describe(sentence(help))]),
  ) as LiveShape),
  service: z.string().describe('The service that the client came to.'),
  state: z.enum(sessionStates).describe(sentence(liveOnlyFields.state.help)),
  ageMs: milliseconds.describe(sentence(liveOnlyFields.ageMs.help)),
};

type EndedShape = {
  [Name in RecordFieldName as ApiName<Name>]: (typeof fieldSchemas)[(typeof recordFields)[Name]['kind']];
};

/** The schema of a session that ended. */
export const endedSessionShape = {
  ...(Object.fromEntries(
    endedFields.map(({ apiName, kind, help }) => [apiName, fieldSchemas[kind].describe(sentence(help))]),
  ) as EndedShape),
  failed: z.boolean().describe('It failed for its client.'),
};

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}
