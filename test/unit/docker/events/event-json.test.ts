import { describe, expect, test } from 'vitest';
import { parseEventLine } from '../../../../src/docker/events/event-json.ts';
import { dockerDialect } from '../../../../src/docker/dialect.ts';

const id = 'd1e'.padEnd(64, '0');

describe('a line of the event stream', () => {
  test('has an exact time, although a double cannot hold it', () => {
    const line = `{"status":"die","id":"${id}","Type":"container","Action":"die","Actor":{"ID":"${id}","Attributes":{"exitCode":"137"}},"time":1767225600,"timeNano":1767225600123456789}`;
    expect(parseEventLine(line, dockerDialect)).toEqual({
      ok: true,
      value: {
        type: 'container',
        action: 'die',
        containerId: id,
        attributes: { exitCode: '137' },
        timeNs: 1_767_225_600_123_456_789n,
      },
    });
  });

  test('of a network concerns the container that it names', () => {
    const line = `{"Type":"network","Action":"connect","Actor":{"ID":"net","Attributes":{"container":"${id}","type":"bridge"}},"timeNano":5}`;
    expect(parseEventLine(line, dockerDialect)).toMatchObject({ value: { type: 'network', containerId: id } });
  });

  test.each([
    ['an image', '{"Type":"image","Action":"pull","Actor":{"ID":"x","Attributes":null},"timeNano":5}'],
    [
      'a network alone',
      '{"Type":"network","Action":"create","Actor":{"ID":"net","Attributes":{"name":"n"}},"timeNano":5}',
    ],
  ])('about %s is passed over', (_, line) => {
    expect(parseEventLine(line, dockerDialect)).toEqual({ ok: true, value: undefined });
  });

  test('without nanoseconds has a time in seconds', () => {
    const line = `{"Type":"container","Action":"start","Actor":{"ID":"${id}"},"time":1767225600}`;
    expect(parseEventLine(line, dockerDialect)).toMatchObject({ value: { timeNs: 1_767_225_600_000_000_000n } });
  });

  test('may carry labels with the names of its own fields, or of parts of every object', () => {
    const line = `{"Type":"container","Action":"start","Actor":{"ID":"${id}","Attributes":{"timeNano":"7","__proto__":"x","Action":"die"}},"timeNano":1767225600123456789}`;
    const parsed = parseEventLine(line, dockerDialect);
    expect(parsed).toMatchObject({ value: { action: 'start', timeNs: 1_767_225_600_123_456_789n } });
    expect(parsed.ok && Object.entries(parsed.value?.attributes ?? {})).toEqual([
      ['timeNano', '7'],
      ['__proto__', 'x'],
      ['Action', 'die'],
    ]);
  });

  test.each(['', '<html>', '{', '[]', 'null', '{"Type":"container"}', '{"Type":1,"Action":"x","Actor":{"ID":"a"}}'])(
    'such as %j is refused without throwing',
    (line) => {
      expect(parseEventLine(line, dockerDialect).ok).toBe(false);
    },
  );
});
