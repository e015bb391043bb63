import { randomBytes } from 'node:crypto';
import { vi } from 'vitest';
import { run } from '../../../dev/machine/command.ts';
import { installMissing } from '../../../dev/machine/packages.ts';
import { terminals } from '../programs/needs.ts';

/**
 * A terminal, emulated by tmux, whose screen, keys and size a test controls. It ends with the test.
 */
export interface Terminal extends AsyncDisposable {
  /** The lines of the screen. */
  screen(): Promise<string>;
  /** Resolves with the screen once it matches the pattern. */
  shows(pattern: RegExp): Promise<string>;
  /** Presses keys by tmux's names, e.g. `Down`, `Enter`, `C-c`; anything else is typed as text. */
  press(...keys: readonly string[]): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** The value of a tmux(1) format, such as `#{alternate_on}`. */
  ask(format: string): Promise<string>;
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export async function openTerminal(command: string, options: TerminalOptions = {}): Promise<Terminal> {
  await installMissing(terminals, () => undefined);
  const server = `sealane-test-${randomBytes(6).toString('hex')}`;
  const tmux = (...args: readonly string[]): Promise<string> =>
    run('tmux', ['-L', server, '-f', '/dev/null', '-u', ...args], { env: options.env ?? {} });
  const size = ['-x', String(options.columns ?? 100), '-y', String(options.rows ?? 30)];
  await tmux('new-session', '-d', ...size, command);
  let ended: Promise<string> | undefined;
  const screen = (): Promise<string> => tmux('capture-pane', '-p');
  return {
    screen,
    async shows(pattern) {
      let seen = '';
      await vi.waitFor(
        async () => {
          seen = await screen();
          if (!pattern.test(seen)) throw new Error(`the terminal does not show ${pattern}, but:\n${seen}`);
        },
        { timeout: 30_000, interval: 50 },
      );
      return seen;
    },
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    resize: async (columns, rows) => void (await tmux('resize-window', '-x', String(columns), '-y', String(rows))),
    ask: async (format) => (await tmux('display-message', '-p', format)).trimEnd(),
    [Symbol.asyncDispose]: async () => void (await (ended ??= tmux('kill-server'))),
  };
}
