import { isText, recordFieldNames, recordFields, type RecordFieldName, type SessionField } from './session-fields.ts';
import type { SessionRecord } from './report.ts';

/**
 * Session records on their way between threads, as a table of numbers in which each text is an index into a list, since
 * most texts are the same in every record. Structured clone of so many small objects cost 15 µs a record on both sides
 * together, JSON 5 µs; this costs 1 µs (measured).
 */
export interface RecordBatch {
  /** The cells of each record: its texts, with those that are looked up first, then its numbers. */
  readonly cells: Float64Array<ArrayBuffer>;
  readonly texts: readonly string[];
}

const fields: Readonly<Record<RecordFieldName, SessionField>> = recordFields;
const textNames = recordFieldNames.filter((name) => isText(fields[name]) && !fields[name].unique) as TextName[];
const uniqueNames = recordFieldNames.filter((name) => fields[name].unique) as UniqueName[];
const numberNames = recordFieldNames.filter((name) => !isText(fields[name])) as NumberName[];
const encodedTextNames = [...textNames, ...uniqueNames];
const width = textNames.length + uniqueNames.length + numberNames.length;
const absent = -1;
/**
 * A record to copy: filling in an object is three times as fast as building one. Its numbers are doubles from the
 * start, since V8 gives an object another shape when one of its small integers becomes a double.
 */
const blank = Object.fromEntries(
  recordFieldNames.map((name) => [name, isText(fields[name]) ? undefined : Number.NaN]),
) as Record<RecordFieldName, string | number | undefined>;

type NumberName = { [Name in RecordFieldName]: SessionRecord[Name] extends number ? Name : never }[RecordFieldName];
type TextName = Exclude<RecordFieldName, NumberName>;
type UniqueName = { [Name in RecordFieldName]: SessionRecord[Name] extends string ? Name : never }[RecordFieldName];

export function encodeRecords(records: readonly SessionRecord[]): RecordBatch {
  const cells = new Float64Array(records.length * width);
  const texts: string[] = [];
  const places = new Map<string, number>();
  const placeOf = (text: string): number => {
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, texts.length);
    return texts.push(text) - 1;
  };
  let at = 0;
  for (const record of records) {
    for (const name of textNames) {
      const text = record[name];
      cells[at++] = text === undefined ? absent : placeOf(text);
    }
    for (const name of uniqueNames) cells[at++] = texts.push(record[name]) - 1;
    for (const name of numberNames) cells[at++] = record[name];
  }
  return { cells, texts };
}

export function decodeRecords({ cells, texts }: RecordBatch): SessionRecord[] {
  const records: SessionRecord[] = [];
  for (let at = 0; at < cells.length;) {
    const record = { ...blank };
    for (const name of encodedTextNames) {
      const place = cells[at++] ?? absent;
      if (place !== absent) record[name] = texts[place];
    }
    for (const name of numberNames) record[name] = cells[at++];
    records.push(record as SessionRecord);
  }
  return records;
}
