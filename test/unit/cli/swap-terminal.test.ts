import { expect, it } from 'vitest';
import { TerminalSignals } from '../../../src/cli/swap/terminal.ts';

const stat = (terminal: number, foreground: number, pid = 101) =>
  `${pid} (a) b) S 1 100 100 ${terminal} ${foreground} 4194304 0`;

it.each([
  ['Ctrl-C in the foreground', stat(34_816, 100), stat(34_816, 100), 'SIGINT', true],
  ['kill -INT of a job in the background', stat(34_816, 200), stat(34_816, 200), 'SIGINT', false],
  ['a signal without a terminal', stat(0, -1), stat(0, -1), 'SIGINT', false],
  ['a terminal that was closed', stat(34_816, 100), stat(0, -1), 'SIGHUP', true],
  [
    'a terminal that was closed, of the process that leads its session',
    stat(34_816, 100, 100),
    stat(0, -1, 100),
    'SIGHUP',
    false,
  ],
  ['kill -HUP in a terminal', stat(34_816, 100), stat(34_816, 100), 'SIGHUP', false],
  ['kill -HUP without a terminal', stat(0, -1), stat(0, -1), 'SIGHUP', false],
] as const)('%s: whether the other processes of the terminal got the signal', (_, before, now, signal, expected) => {
  let text: string = before;
  const signals = new TerminalSignals(() => text);
  text = now;
  expect(signals.sent(signal)).toBe(expected);
});
