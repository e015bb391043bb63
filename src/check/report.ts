import { styleText } from 'node:util';
import { formatLocation, type SourceLocation } from '../compose/location.ts';
import { plural } from '../text/plural.ts';
import { printable } from '../text/printable.ts';
import type { Report } from './check.ts';
import type { SharedFinding } from './finding.ts';

/**
 * Prints findings as text for people, as JSON, and as annotations for GitHub. Pure.
 */
export type ReportFormat = 'text' | 'json' | 'github';

interface ReportOptions {
  readonly colour: boolean;
  /** The line of the file at a location, to show the mistake where it stands. */
  readonly lineOf: (location: SourceLocation) => string | undefined;
}

export function renderReport(report: Report, format: ReportFormat, options: ReportOptions): string {
  switch (format) {
    case 'json':
      return `${plainJson(toJson(report))}\n`;
    case 'github':
      return report.findings.map((one) => `${annotation(one.location, one.code, whole(one), one.severity)}\n`).join('');
    case 'text':
      return renderText(report, options);
  }
}

function renderText(report: Report, options: ReportOptions): string {
  const blocks = report.findings.map((finding) => `${renderFinding(finding, options).join('\n')}\n`);
  return [...blocks, summary(report, options.colour)].join('\n');
}

function renderFinding(
  { code, severity, location, services, message, fix }: SharedFinding,
  { colour, lineOf }: ReportOptions,
): string[] {
  const paint = painter(colour);
  const line = lineOf(location);
  const gutter = String(location.line);
  return [
    `${paint('bold', formatLocation(location))}: ${severity ? `${paint('yellow', severity)}: ` : ''}${subject(services)}${message} ${paint('dim', `[${code}]`)}`,
    ...(line === undefined ? [] : excerpt(line, location.column, gutter, paint)),
    `  ${paint('green', 'fix:')} ${fix}`,
  ];
}

/** The line with a mark beneath the location; long lines are cut. */
function excerpt(line: string, column: number, gutter: string, paint: Paint): string[] {
  const before = printable(line.slice(0, column - 1).replaceAll('\t', ' '), 200);
  const from = printable(line.slice(column - 1).replaceAll('\t', ' '), 120);
  return [
    `  ${paint('dim', `${gutter} |`)} ${before}${from}`,
    `  ${paint('dim', `${' '.repeat(gutter.length)} |`)} ${' '.repeat(before.length)}${paint('red', '^')}`,
  ];
}

function summary(report: Report, colour: boolean): string {
  const { services, labelled, findings } = report;
  const paint = painter(colour);
  const checked = `${plural(services.length, 'service')}, ${labelled.length} with labels; ${whereOf(report)}`;
  const problems = findings.filter(isProblem).length;
  const found = problems === 0 ? paint('green', 'no problems') : paint('red', plural(problems, 'problem'));
  const warnings = findings.length - problems;
  return `${found}${warnings === 0 ? '' : `, ${plural(warnings, 'warning')}`} (${checked})\n`;
}

function whereOf({ sealane, readAs, stackSign }: Report): string {
  const outside = readAs === 'stack' ? 'in another stack' : 'on the host';
  const where =
    sealane.length === 0
      ? `no service here runs Sealane: taken to run ${outside}`
      : `through ${sealane.map((one) => printable(one)).join(', ')}`;
  if (readAs === 'compose') return where;
  return `${where}; read as a stack's${stackSign === undefined ? '' : `, since ${printable(stackSign, 200)}`}`;
}

export function isProblem({ severity }: Pick<SharedFinding, 'severity'>): boolean {
  return severity === undefined;
}

/** The services that a finding is about, before its message. */
function subject(services: readonly string[]): string {
  return services.length === 0 ? '' : `${services.join(', ')}: `;
}

function toJson({ services, labelled, sealane, readAs, findings }: Report): unknown {
  return {
    services,
    labelled,
    sealane,
    readAs,
    problems: findings.filter(isProblem).map(plain),
    warnings: findings.filter((one) => !isProblem(one)).map(plain),
  };
}

function plain({ code, location, services, message, fix }: SharedFinding): unknown {
  return { code, ...location, services, message, fix };
}

/**
 * JSON in which characters that a terminal would obey are escaped; a parser reads the same value. Line breaks stand
 * between values only.
 */
function plainJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(/[^\P{C}\n]|[\u2028\u2029]/gu, (char) =>
    Array.from({ length: char.length }, (_, unit) => `\\u${char.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  );
}

function whole({ services, message, fix }: SharedFinding): string {
  return `${subject(services)}${message}. ${fix}`;
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
export function annotation(
  location: SourceLocation,
  title: string,
  message: string,
  level: 'error' | 'warning' = 'error',
): string {
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return `::${level} file=${property(printable(location.file, 400))},line=${location.line},col=${location.column},title=${property(title)}::${data(message)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}
