import type { ApiExplanation } from '../../admin/schema.ts';
import { printable } from '../../text/printable.ts';
import { stateStyles, type Paint } from '../../text/paint.ts';
import { formatTime } from './time.ts';

/**
 * Renders `sealane why` for people: the verdict, the steps that were checked, and the one next thing to do. Pure.
 */
const marks = { ok: '✓', warn: '!', bad: '✗', info: '·' } as const;

export function renderWhy(explanation: ApiExplanation, paint: Paint): string {
  const { subject, verdict, summary, steps, suggestions, next } = explanation;
  const width = Math.max(0, ...steps.map(({ step }) => step.length));
  const lines = [
    `${paint('bold', printable(subject))} is ${paint(stateStyles[verdict] ?? 'bold', verdict)}: ${printable(summary, 600)}`,
    '',
    ...steps.map(({ step, status, text }) => {
      const mark = paint(stateStyles[status] ?? 'dim', marks[status]);
      return `  ${mark} ${paint('dim', step.padEnd(width))}  ${printable(text, 600)}`;
    }),
    ...failures(explanation),
    ...problems(explanation, paint),
    ...(suggestions.length === 0 ? [] : ['', `  Did you mean ${suggestions.map((one) => printable(one)).join(', ')}?`]),
    ...(next === null ? [] : ['', `  ${paint('green', 'next:')} ${printable(next, 600)}`]),
  ];
  const shown = steps.length === 0 ? lines.filter((line, index) => index !== 1 || line !== '') : lines;
  return shown.map((line) => `${line}\n`).join('');
}

function failures({ dialFailures }: ApiExplanation): string[] {
  if (dialFailures.length === 0) return [];
  return [
    '',
    '  Recent failed dials:',
    ...dialFailures.map(({ at, upstream, error, count }) => {
      const times = count === 1 ? '' : ` (${count} times)`;
      return `    ${formatTime(at)}  ${printable(upstream)}  ${printable(error, 200)}${times}`;
    }),
  ];
}

function problems({ problems: found }: ApiExplanation, paint: Paint): string[] {
  if (found.length === 0) return [];
  return [
    '',
    '  Problems:',
    ...found.flatMap(({ code, subject, message, fix }) => [
      `    ${printable(subject)}: ${printable(message, 600)} ${paint('dim', `[${printable(code)}]`)}`,
      `      ${paint('green', 'fix:')} ${printable(fix, 400)}`,
    ]),
  ];
}
