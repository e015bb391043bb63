import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { logEvents } from '../../../src/telemetry/log-events.ts';

test('docs/metrics.md lists each event of the log with its meaning, and no other', async () => {
  const text = await readFile(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const [, section = ''] = /^\| event \| logged when \|$([^]*?)^$/m.exec(text) ?? [];
  const rows = section.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm);
  expect(Object.fromEntries([...rows].map(([, event, meaning]) => [event, meaning]))).toEqual(logEvents);
});
