import { isFailure, type LiveSession, type SessionRecord } from '../../relay/boundary/report.ts';
import type { RecordFieldName, SessionField } from '../../relay/boundary/session-fields.ts';
import { printable } from '../../text/printable.ts';
import { endedFields, liveFields } from '../derived-fields.ts';
import type { ApiEndedSession, ApiSession } from '../schema.ts';

/**
 * Turns sessions, open and ended, into the answers of the API.
 */

export function viewSession(session: LiveSession): ApiSession {
  const { state, ageMs } = session;
  return { ...(viewFields(session, liveFields) as Omit<ApiSession, 'state' | 'ageMs'>), state, ageMs };
}

export function viewEndedSession(record: SessionRecord): ApiEndedSession {
  return {
    ...(viewFields(record, endedFields) as Omit<ApiEndedSession, 'failed'>),
    failed: isFailure(record.reason),
  };
}

/** The longest text of a session that is shown whole. */
const longestText = 400;

/** The values of these fields by their names in the API. */
function viewFields<Name extends RecordFieldName>(
  session: Readonly<Record<Name, string | number | undefined>>,
  fields: readonly { readonly name: Name; readonly apiName: string; readonly kind: SessionField['kind'] }[],
): Readonly<Record<string, unknown>> {
  const values = fields.map(({ name, apiName, kind }) => {
    const value: string | number | undefined = session[name];
    if (kind === 'moment' && typeof value === 'number') return [apiName, new Date(value).toISOString()] as const;
    return [apiName, typeof value === 'string' ? printable(value, longestText) : (value ?? null)] as const;
  });
  return Object.fromEntries(values);
}
