import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve as absolute } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { addCounts, countVitest, noCounts, summary, type Counts } from './support/results.ts';

/**
 * `npm test`: format, lint, types, build, then every test. Goes on after a failed check, so that one run shows all; the
 * last line is the sum of the real results. The exit code is 0 only if something ran and nothing failed.
 */
const checks = [
  ['format', 'oxfmt', '--check'],
  ['lint', 'oxlint', '--type-aware'],
  ['types', 'tsc', '--noEmit'],
  ['types of the dashboard', 'tsc', '--noEmit', '--project', 'src/dashboard'],
  ['build', 'rolldown', '--config', 'rolldown.config.ts'],
  ['build of the dashboard', 'vite', 'build', '--config', 'src/dashboard/vite.config.ts'],
] as const;

let counts: Counts = noCounts;
for (const [name, program, ...args] of checks) {
  const startedMs = performance.now();
  const { code, output } = await runProgram(program, args, 'collect');
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`);
  if (code !== 0) process.stdout.write(`${stripVTControlCharacters(output)}\n`);
  counts = addCounts(counts, { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 });
}
counts = addCounts(counts, await runVitest(process.argv.slice(2)));
process.stdout.write(`${summary(counts)}\n`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

/** `filters` narrow the tests down, as vitest's own arguments do. */
async function runVitest(filters: readonly string[]): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'sealane-results-'));
  const file = join(folder, 'results.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code } = await runProgram('vitest', ['run', ...reporters, ...filters], 'show');
    const report: unknown = await readFile(file, 'utf8').then(JSON.parse, () => undefined);
    return countVitest(report, code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** npm puts node_modules/.bin, and so the right Node, on the PATH; so does this, for whoever runs the file itself. */
async function runProgram(
  program: string,
  args: readonly string[],
  output: 'show' | 'collect',
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(join('node_modules/.bin', program), [...args], {
    env: { ...process.env, PATH: `${absolute('node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}` },
    stdio: output === 'show' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: text }));
  });
}
