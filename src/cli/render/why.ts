import type { ApiExplanation } from '../../admin/schema.ts';
import { printable } from '../../text/printable.ts';
import { stateStyles, type Paint } from '../../text/paint.ts';
import { formatTime } from './time.ts';

/**
 * Renders `sealane why` for people: the verdict and the one next thing to do, then the steps that were checked. What the
 * verdict says is not said again. Pure.
 */
const marks = { ok: '✓', warn: '!', bad: '✗', info: '·' } as const;

export function renderWhy(explanation: ApiExplanation, paint: Paint): string {
  const { subject, verdict, summary, next } = explanation;
  const cause = summary.startsWith(`${subject}: `) ? summary.slice(subject.length + 2) : summary;
  const lines = [
    `${paint('bold', printable(subject))} is ${paint(stateStyles[verdict] ?? 'bold', verdict)}: ${printable(cause, 600)}`,
    ...(next === null ? [] : [`  ${paint('green', 'next:')} ${printable(next, 600)}`]),
    ...steps(explanation, paint),
    ...failures(explanation),
    ...problems(explanation, paint),
    ...suggestions(explanation),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function steps(explanation: ApiExplanation, paint: Paint): string[] {
  const below = new Set(otherProblems(explanation).map(textOf));
  const news = explanation.steps.filter(({ text }) => !explanation.summary.endsWith(text) && !below.has(text));
  if (news.length === 0) return [];
  const width = Math.max(...news.map(({ step }) => step.length));
  return [
    '',
    ...news.map(({ step, status, text }) => {
      const mark = paint(stateStyles[status] ?? 'dim', marks[status]);
      return `  ${mark} ${paint('dim', step.padEnd(width))}  ${printable(text, 600)}`;
    }),
  ];
}

/** The open ports, or the names like it but the best one, which the next thing to do names. */
function suggestions({ kind, suggestions: all }: ApiExplanation): string[] {
  const [title, shown] = kind === 'port' ? ['Open ports', all] : ['Similar names', all.slice(1)];
  return shown.length === 0 ? [] : ['', `  ${title}: ${shown.map((one) => printable(one)).join(', ')}`];
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

/** The problems beside the one that the verdict, or a step and the next thing to do, tells of. */
function otherProblems({ problems: all, summary, next, steps: told }: ApiExplanation): ApiExplanation['problems'] {
  const isTold = (problem: ApiExplanation['problems'][number]): boolean =>
    next !== null &&
    problem.fix.endsWith(next) &&
    (summary.endsWith(problem.message) || told.some(({ text }) => text === textOf(problem)));
  return all.filter((problem) => !isTold(problem));
}

/** As a step says it. */
function textOf({ subject, message }: ApiExplanation['problems'][number]): string {
  return `${subject}: ${message}`;
}

function problems(explanation: ApiExplanation, paint: Paint): string[] {
  const found = otherProblems(explanation);
  if (found.length === 0) return [];
  return [
    '',
    '  Other problems:',
    ...found.flatMap(({ code, subject, message, fix }) => [
      `    ${printable(subject)}: ${printable(message, 600)} ${paint('dim', `[${printable(code)}]`)}`,
      `      ${paint('green', 'fix:')} ${printable(fix, 400)}`,
    ]),
  ];
}
