import { lstat, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { keepReadyFile } from '../../../../src/daemon/process/ready-file.ts';
import { createLogger } from '../../../../src/telemetry/logger.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

function scene(path: string) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const readiness = { ready: false, reason: 'reading the list' };
  const file = keepReadyFile(path, {
    clock,
    logger: createLogger({ level: 'info', format: 'json', destination: { write: (line) => void lines.push(line) } }),
    readiness: () => ({ ...readiness }),
    uptime: () => 100.7 + clock.nowMs() / 1_000,
  });
  return { clock, lines, readiness, file };
}

describe('the ready-file', () => {
  it('has the state, its age and its reason, is renewed, follows a change at once, and goes at the end', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'ready');
    const { clock, readiness, file } = scene(path);
    const has = (text: string): Promise<void> =>
      vi.waitFor(async () => expect(await readFile(path, 'utf8')).toBe(text), 30_000);
    await has('not-ready 100 100\nreading the list\n');
    Object.assign(readiness, { ready: true, reason: 'the list was read\n\u{1b}[31m' });
    clock.advance(1_000);
    file.update();
    await has('ready 101 101\nthe list was read\\u{a}\\u{1b}[31m\n');
    file.update();
    clock.advance(9_999);
    await has('ready 101 101\nthe list was read\\u{a}\\u{1b}[31m\n');
    clock.advance(1);
    await has('ready 111 101\nthe list was read\\u{a}\\u{1b}[31m\n');
    await file.stop();
    await expect(lstat(path)).rejects.toThrow('ENOENT');
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  it('is tried again where it can’t be written, with one complaint', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'later', 'ready');
    const { clock, lines, file } = scene(path);
    await vi.waitFor(() => expect(lines).toHaveLength(1), 30_000);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'ready-file-failed', level: 'warn' });
    clock.advance(10_000);
    await mkdir(join(folder.path, 'later'));
    clock.advance(10_000);
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toMatch(/^not-ready 120 100\n/), 30_000);
    await file.stop();
    expect(lines).toHaveLength(1);
  });

  it('follows no link of another user', async () => {
    await using folder = await tempFolder();
    const precious = await folder.write('precious', 'as it was');
    const path = join(folder.path, 'ready');
    await symlink(precious, `${path}.new`);
    const { lines, file } = scene(path);
    await vi.waitFor(() => expect(lines.join('')).toContain('ELOOP'), 30_000);
    expect(await readFile(precious, 'utf8')).toBe('as it was');
    await file.stop();
  });
});
