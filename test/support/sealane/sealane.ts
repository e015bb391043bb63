import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { LogEvent } from '../../../src/telemetry/log-events.ts';
import type { LogFormat } from '../../../src/telemetry/logger.ts';
import { dieWithParent } from '../programs/die-with-parent.ts';

/**
 * Runs the built Sealane as its users do, as a process with flags, and reads its log lines.
 */
const lineSchema = z.looseObject({
  level: z.enum(['debug', 'info', 'warn', 'error']),
  time: z.iso.datetime().transform((text) => Date.parse(text)),
  msg: z.string(),
  event: z.string().optional(),
});

export type LogLine = z.output<typeof lineSchema>;

/** The fields of a wanted log line. A regular expression matches a text; an object matches some fields of an object. */
export interface WantedLine extends WantedFields {
  readonly event: LogEvent | RegExp;
}

interface WantedFields {
  readonly [field: string]: string | number | boolean | RegExp | WantedFields;
}

/** The log line of an upstream that joined in this state, or changed to it. */
export function upstreamIs(upstream: string | RegExp, state: string, service?: string): WantedLine {
  return { event: /^upstream-(?:added|changed)$/, upstream, state, ...(service !== undefined && { service }) };
}

/** Whether `line` has all wanted fields. */
export function hasFields(line: unknown, wanted: WantedFields): boolean {
  const fields = (typeof line === 'object' && line !== null ? line : {}) as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([name, value]) => {
    const found = fields[name];
    if (value instanceof RegExp) return typeof found === 'string' && value.test(found);
    return typeof value === 'object' ? hasFields(found, value) : found === value;
  });
}

function describeFields(wanted: WantedFields): string {
  return JSON.stringify(wanted, (_, value: unknown) => (value instanceof RegExp ? String(value) : value));
}

export interface Sealane extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly lines: readonly LogLine[];
  /** The lines of standard output. */
  readonly output: readonly string[];
  /**
   * Resolves with the first past or future line from index `from` on with these fields. Rejects if Sealane exits
   * before.
   */
  line(wanted: WantedLine, from?: number): Promise<LogLine>;
  /** The first line of standard output. */
  firstOutput(): Promise<string>;
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** The path of the built Sealane. */
export const executable = new URL('../../../dist/main.js', import.meta.url).pathname;

/** The command under test: the built Sealane, unless SEALANE_COMMAND names another, such as the single executable. */
export const sealaneCommand: readonly [string, ...string[]] =
  process.env['SEALANE_COMMAND'] === undefined ? [process.execPath, executable] : [process.env['SEALANE_COMMAND']];

export function startSealane(...args: readonly string[]): Sealane {
  return startSealaneBy([], ...args);
}

/** `by`: a command that runs Sealane, such as nsenter(1). */
export function startSealaneBy(by: readonly string[], ...args: readonly string[]): Sealane {
  const [program, ...before] = [...dieWithParent, ...by] as const;
  const child = spawn(program, [...before, ...sealaneCommand, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SEALANE_ADMIN: 'off', SEALANE_LOG_FORMAT: 'json' },
  });
  const lines: LogLine[] = [];
  const raw: string[] = [];
  const output: string[] = [];
  const watchers = new Set<() => void>();
  const notify = (): void => watchers.forEach((check) => check());
  createInterface({ input: child.stderr }).on('line', (text) => {
    raw.push(text);
    const parsed = parseLine(text);
    if (parsed) lines.push(parsed);
    notify();
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    output.push(text);
    notify();
  });
  const exited = once(child, 'close').then(([code]): number | null => (typeof code === 'number' ? code : null));

  /** Resolves when `find` returns a value; it is called again after each line. */
  const until = async <T>(find: () => T | undefined, what: string): Promise<T> => {
    const found = Promise.withResolvers<T>();
    const check = (): void => {
      const value = find();
      if (value !== undefined) found.resolve(value);
    };
    watchers.add(check);
    check();
    void exited.then((code) => found.reject(new Error(`Sealane exited (${code}) before ${what}:\n${raw.join('\n')}`)));
    try {
      return await found.promise;
    } finally {
      watchers.delete(check);
    }
  };

  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    return exited;
  };

  return {
    process: child,
    lines,
    output,
    line(wanted, from = 0) {
      let next = from;
      const find = (): LogLine | undefined => {
        while (next < lines.length) {
          const line = lines[next++];
          if (hasFields(line, wanted)) return line;
        }
        return undefined;
      };
      return until(find, `a line with ${describeFields(wanted)}`);
    },
    firstOutput: () => until(() => output[0], 'printing anything'),
    stop,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The log lines in a JSON log. Other lines are left out. */
export function logLines(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

function parseLine(text: string): LogLine | undefined {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export interface QuietSealane extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

/**
 * Starts a Sealane whose log goes to `log`: a descriptor, or a socket that is never read. `before`: a command that runs
 * it, such as prlimit(1).
 */
export function startWithLog(
  log: number | 'unread',
  args: readonly string[],
  { before = [], format = 'pretty' }: { readonly before?: readonly string[]; readonly format?: LogFormat } = {},
): QuietSealane {
  const [program, ...leading] = [...dieWithParent, ...before];
  const child = spawn(program, [...leading, ...sealaneCommand, ...args], {
    stdio: ['ignore', 'pipe', log === 'unread' ? 'pipe' : log],
    env: { ...process.env, SEALANE_LOG_FORMAT: format },
  });
  const exited = once(child, 'exit').then(([code]): number | null => (typeof code === 'number' ? code : null));
  return {
    process: child,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs a command to its end and resolves with its output. */
export async function runSealane(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  { input, ...as }: { readonly uid?: number; readonly input?: string } = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const [program, ...before] = sealaneCommand;
  const child = spawn(program, [...before, ...args], { env: { ...process.env, ...environment }, ...as });
  if (input !== undefined) child.stdin.end(input);
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  };
  const [stdout, stderr, [code]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, 'close')]);
  return { code: typeof code === 'number' ? code : null, stdout, stderr };
}

/** Runs a command whose standard output is closed by its reader. */
export async function runWithClosedOutput(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const [program, ...before] = sealaneCommand;
  const child = spawn(program, [...before, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  // The output is closed before the command can have begun to write.
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : null, stderr };
}
