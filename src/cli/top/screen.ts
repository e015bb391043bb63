import { writeSync } from 'node:fs';
import { emitKeypressEvents, type Key as Keypress } from 'node:readline';
import type { Key } from './state.ts';
import type { TopSize } from './lines.ts';

/**
 * The terminal and its escape sequences. The terminal is restored at the end of the process, except after SIGKILL.
 */
export interface Screen {
  size(): TopSize;
  draw(lines: readonly string[]): void;
  close(): void;
}

export interface ScreenEvents {
  onKey(key: Key): void;
  onResize(): void;
}

const enter = '\u001b[?1049h\u001b[?25l\u001b[2J';
const leave = '\u001b[?25h\u001b[?1049l';
// Synchronized output: a terminal that supports it shows only complete frames; others ignore the sequences.
const beginPicture = '\u001b[?2026h';
const endPicture = '\u001b[?2026l';

export function openScreen(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream & { readonly fd: number },
  events: ScreenEvents,
): Screen {
  let shown: readonly string[] = [];
  let isOpen = true;

  const onKeypress = (text: string | undefined, press: Keypress): void => {
    const key = keyOf(text, press);
    if (key) events.onKey(key);
  };
  const onResize = (): void => {
    // How a terminal reflows the old frame on a resize is undefined, so the screen is cleared and drawn anew.
    shown = [];
    output.write('\u001b[2J');
    events.onResize();
  };
  const restore = (): void => {
    if (!isOpen) return;
    isOpen = false;
    if (input.isTTY) input.setRawMode(false);
    try {
      // The write is synchronous: data that is still buffered is lost when the process exits.
      writeSync(output.fd, endPicture + leave);
    } catch {
      // The terminal is gone.
    }
  };

  process.on('exit', restore);
  output.on('resize', onResize);
  if (input.isTTY) {
    emitKeypressEvents(input);
    input.setRawMode(true);
    input.on('keypress', onKeypress);
    input.resume();
  }
  output.write(enter);

  return {
    // A terminal that does not know its size says 0x0.
    size: () => ({ columns: output.columns || 80, rows: output.rows || 24 }),
    draw(lines) {
      const changes = lines.flatMap((line, index) =>
        line === shown[index] ? [] : [`\u001b[${index + 1};1H${line}\u001b[0m\u001b[K`],
      );
      shown = lines;
      if (isOpen && changes.length > 0) output.write(beginPicture + changes.join('') + endPicture);
    },
    close() {
      restore();
      process.off('exit', restore);
      output.off('resize', onResize);
      input.off('keypress', onKeypress);
      input.pause();
    },
  };
}

const named: Readonly<Record<string, Exclude<Key['kind'], 'text'>>> = {
  up: 'up',
  down: 'down',
  pageup: 'page-up',
  pagedown: 'page-down',
  home: 'first',
  end: 'last',
  return: 'enter',
  enter: 'enter',
  escape: 'escape',
  backspace: 'backspace',
};

function keyOf(text: string | undefined, { name, ctrl }: Keypress): Key | undefined {
  if (ctrl === true) return name === 'c' || name === 'd' ? { kind: 'interrupt' } : undefined;
  const kind = name === undefined || !Object.hasOwn(named, name) ? undefined : named[name];
  if (kind !== undefined) return { kind };
  return text === undefined || /\p{C}/u.test(text) ? undefined : { kind: 'text', text };
}
