import { expect, it } from 'vitest';
import { LogWriter, type LogFile } from '../../../src/telemetry/log-writer.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A descriptor that takes a number of bytes, then fails with a code. */
class FakeFile implements LogFile {
  text = '';
  room = Infinity;
  code = 'EAGAIN';
  /** Writes wait in here while it is set. */
  held: (() => void)[] | undefined;

  write(bytes: Uint8Array, done: Parameters<LogFile['write']>[1]): void {
    const finish = (): void => {
      try {
        done(null, this.writeSync(bytes));
      } catch (error) {
        done(error as NodeJS.ErrnoException, 0);
      }
    };
    if (this.held) this.held.push(finish);
    else finish();
  }

  writeSync(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room);
    if (taken === 0) throw Object.assign(new Error(this.code), { code: this.code });
    this.room -= taken;
    this.text += Buffer.from(bytes.subarray(0, taken)).toString();
    return taken;
  }
}

function createWriter() {
  const [file, clock] = [new FakeFile(), new ManualClock()];
  const told: number[] = [];
  const writer = new LogWriter(file, clock);
  writer.onCaughtUp((lost) => told.push(lost));
  return { file, clock, writer, told };
}

const megabyte = `${'x'.repeat(1024 * 1024 - 1)}\n`;

it('writes lines in order, those that come meanwhile together, and continues after a short write', () => {
  const { file, clock, writer } = createWriter();
  file.held = [];
  for (const line of ['one\n', 'two\n', 'three\n']) writer.write(line);
  const [first] = file.held;
  file.room = 2;
  first?.();
  expect(file.text).toBe('on');
  file.room = Infinity;
  file.held.at(-1)?.();
  expect(file.text).toBe('one\n');
  file.held.at(-1)?.();
  expect([file.text, file.held.length, clock.nextDelayMs()]).toEqual(['one\ntwo\nthree\n', 3, undefined]);
});

it.each([
  ['EAGAIN', 100],
  ['ENOSPC', 1_000],
  ['EPIPE', 1_000],
] as const)('tries again after %s, in %i ms, and loses nothing', (code, delayMs) => {
  const { file, clock, writer, told } = createWriter();
  Object.assign(file, { room: 2, code });
  writer.write('one\n');
  writer.write('two\n');
  expect(clock.nextDelayMs()).toBe(delayMs);
  clock.advance(delayMs);
  expect(file.text).toBe('on');
  file.room = Infinity;
  clock.advance(delayMs);
  expect(file.text).toBe('one\ntwo\n');
  expect([writer.lost, told]).toEqual([0, []]);
});

it('loses lines beyond four megabytes, counts them, and says so once all before them are written', () => {
  const { file, clock, writer, told } = createWriter();
  Object.assign(file, { room: 0, code: 'ENOSPC' });
  for (let count = 0; count < 7; count += 1) writer.write(megabyte);
  expect([writer.lost, told]).toEqual([3, []]);
  file.room = 2 * megabyte.length;
  clock.advance(1_000);
  expect(told).toEqual([]);
  file.room = Infinity;
  clock.advance(1_000);
  expect([file.text.length, writer.lost, told]).toEqual([4 * megabyte.length, 3, [3]]);
  writer.write('next\n');
  expect(told).toEqual([3]);
});

it('waits in a flush for a reader that is slow, and not for one that has failed', async () => {
  const { file, clock, writer } = createWriter();
  await writer.flush(60_000);
  file.room = 0;
  writer.write('one\n');
  const slow = writer.flush(60_000);
  file.room = Infinity;
  clock.advance(100);
  await slow;
  Object.assign(file, { room: 0, code: 'ENOSPC' });
  writer.write('two\n');
  const failed = writer.flush(60_000);
  clock.advance(1_000);
  await failed;
  await writer.flush(1);
  expect(file.text).toBe('one\n');
});

it('writes what is left at once at the end, and nothing twice', () => {
  const { file, writer } = createWriter();
  file.held = [];
  writer.write('one\n');
  writer.write('two\n');
  writer.writeLast();
  expect(file.text).toBe('two\n');
  const stuck = createWriter();
  stuck.file.room = 2;
  stuck.writer.write('one\n');
  stuck.writer.writeLast();
  stuck.file.room = Infinity;
  stuck.writer.writeLast();
  expect(stuck.file.text).toBe('one\n');
});
