import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve as absolute } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { canInstall, installMissing } from '../dev/machine/packages.ts';
import { messageOf } from '../src/text/message-of.ts';
import { needsOfLonelyTests } from './support/programs/needs.ts';
import { addCounts, countVitest, noCounts, summary, type Counts } from './support/results.ts';

/**
 * `npm test`: build, format, lint, types, and every test. Goes on after a failed check, so that one run shows all; the
 * last line is the sum of the real results. The exit code is 0 only if something ran and nothing failed.
 *
 * Most tests wait, so four lanes run at once, and the checks beside them: the tests that need a Docker engine, on one
 * engine, those on a Podman and those on a Swarm, where they can be had, and all others. `npm test -- FILTER…` narrows
 * the tests down, in one lane, as vitest's own arguments do.
 */
type Step = readonly [name: string, program: string, ...args: string[]];

const builds: readonly Step[] = [['build', 'rolldown', '--config', 'rolldown.config.ts']];

const tsc = ['tsc', '--noEmit', '--singleThreaded'] as const;
const checks: readonly Step[] = [
  ['format', 'oxfmt', '--check'],
  ['lint', 'oxlint', '--type-aware'],
  ['types', ...tsc],
  ['types of the dashboard', ...tsc, '--project', 'src/dashboard'],
  ['types of the docs site', ...tsc, '--project', 'docs/.vitepress'],
  ['unused exports, files and dependencies', 'knip', '--no-progress'],
  ['docs site, with its links', 'node', 'docs/.vitepress/build.ts'],
];

/** The projects of each lane; see vitest.config.ts. */
const engineLane = ['--maxWorkers', '2', '--project', 'docker', '--project', 'web'];
const podmanLane = ['--maxWorkers', '1', '--project', 'podman'];
const swarmLane = ['--maxWorkers', '1', '--project', 'swarm'];
const otherLane = ['--maxWorkers', '3', '--project', 'unit', '--project', 'cli', '--project', 'contract'];

/**
 * Spares processor time in what the tests start again and again. Node keeps what it has compiled of Sealane
 * (https://nodejs.org/api/module.html#module-compile-cache). Programs in Go, which are the engine, its command and the
 * checks, collect garbage only near the limit (https://pkg.go.dev/runtime#hdr-Environment_Variables).
 */
const compiled = await mkdtemp(join(tmpdir(), 'sealane-compiled-'));
const thrift = { NODE_COMPILE_CACHE: compiled, GOGC: 'off', GOMEMLIMIT: '1GiB' };
/** Threads that check types share none of what they find out: two take twice as long, all in all. */
const oneThread = { GOMAXPROCS: '1' };
process.once('exit', () => rmSync(compiled, { recursive: true, force: true }));

// All lanes together want more than the processors have. Batch processes interrupt no other one when they wake (sched(7),
// SCHED_BATCH), and what this process starts is scheduled as it is itself.
spawnSync('chrt', ['--batch', '--pid', '0', String(process.pid)], { stdio: 'ignore' });

const hasRoot = await canInstall();
if (!hasRoot) process.stdout.write('– podman, swarm: not run, since private engines need root on Debian or Ubuntu\n');

const filters = process.argv.slice(2);
const counts =
  filters.length > 0
    ? [
        await runSteps([...builds, ...checks]),
        await runVitest(hasRoot ? filters : [...filters, '--project', '!podman', '--project', '!swarm']),
      ]
    : [
        await runSteps(builds),
        ...(await Promise.all([
          runVitest(engineLane, { SEALANE_TEST_LANE: '0' }),
          hasRoot ? runVitest(podmanLane, { SEALANE_TEST_LANE: '2' }) : { ...noCounts, skipped: 1 },
          hasRoot ? runVitest(swarmLane, { SEALANE_TEST_LANE: '3' }) : { ...noCounts, skipped: 1 },
          runSteps(checks),
          runLonely(),
        ])),
      ];
const total = counts.reduce(addCounts, noCounts);
process.stdout.write(`${summary(total)}\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

/** The tests without an engine. From a network of their own, no packages can be had. */
async function runLonely(): Promise<Counts> {
  const before = ownNetwork();
  if (before.length > 0 && hasRoot) {
    await installMissing(needsOfLonelyTests, () => {}).catch((error: unknown) =>
      process.stdout.write(`✗ packages: ${messageOf(error)}\n`),
    );
  }
  return runVitest(otherLane, { SEALANE_TEST_LANE: '1' }, before);
}

async function runSteps(steps: readonly Step[]): Promise<Counts> {
  let sum: Counts = noCounts;
  for (const [name, program, ...args] of steps) {
    const startedMs = performance.now();
    const { code, output } = await runProgram(program, args, 'collect', oneThread);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`);
    if (code !== 0) process.stdout.write(`${stripVTControlCharacters(output)}\n`);
    sum = addCounts(sum, { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 });
  }
  return sum;
}

/**
 * The command before one that is to have a network of its own (unshare(1)); none where this user may not. When a
 * container ends, its engine goes through all connections that the kernel has in mind for the engine's network, and the
 * tests without an engine make tens of thousands. They also give way (nice(1)), since the engine's tests take longer.
 */
function ownNetwork(): readonly string[] {
  const up = ['nice', '-n', '3', 'unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"'];
  const [program, ...args] = [...up, 'true'] as const;
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0 ? up : [];
}

async function runVitest(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  before: readonly string[] = [],
): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'sealane-results-'));
  const file = join(folder, 'results.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code } = await runProgram('vitest', ['run', ...reporters, ...args], 'show', environment, before);
    const report: unknown = await readFile(file, 'utf8').then(JSON.parse, () => undefined);
    return countVitest(report, code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** npm puts node_modules/.bin, and so the right Node, on the PATH. This does the same where the file is run directly. */
async function runProgram(
  program: string,
  args: readonly string[],
  output: 'show' | 'collect',
  environment: NodeJS.ProcessEnv = {},
  before: readonly string[] = [],
): Promise<{ readonly code: number; readonly output: string }> {
  const [first = '', ...rest] = [...before, join('node_modules/.bin', program), ...args];
  const child = spawn(first, rest, {
    env: {
      ...process.env,
      ...thrift,
      ...environment,
      PATH: `${absolute('node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    },
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
