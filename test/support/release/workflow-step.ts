import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { tempFolder } from '../temp-folder.ts';

/**
 * Runs the one step of a composite action as GitHub's runner does: the inputs and their defaults in the environment, and
 * the script in a file for bash.
 */
const actionSchema = z.object({
  inputs: z.record(z.string(), z.object({ description: z.string(), default: z.string() })),
  runs: z.object({
    using: z.literal('composite'),
    steps: z.tuple([
      z.strictObject({
        name: z.string(),
        shell: z.literal('bash'),
        'working-directory': z.string(),
        env: z.record(z.string(), z.string()),
        run: z.string(),
      }),
    ]),
  }),
});

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface ActionCall {
  /** The folder of the action. */
  readonly action: string;
  readonly workspace: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly environment?: NodeJS.ProcessEnv;
}

export async function runAction({ action, workspace, inputs = {}, environment = {} }: ActionCall): Promise<Outcome> {
  const declared = actionSchema.parse(parse(await readFile(join(action, 'action.yml'), 'utf8')));
  for (const name of Object.keys(inputs)) {
    if (!declared.inputs[name]) throw new Error(`the action has no input ${name}`);
  }
  const evaluate = (text: string): string =>
    text.replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name: string) => {
      const value = inputs[name] ?? declared.inputs[name]?.default;
      if (value === undefined) throw new Error(`the action has no input ${name}`);
      return value;
    });
  const [step] = declared.runs.steps;
  await using folder = await tempFolder();
  const script = await folder.write('step.sh', evaluate(step.run));
  // Not before it ended may the folder go.
  return await runToEnd('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
    cwd: join(workspace, evaluate(step['working-directory'])),
    env: {
      ...process.env,
      GITHUB_WORKSPACE: workspace,
      GITHUB_ACTION_PATH: action,
      ...Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, evaluate(value)])),
      ...environment,
    },
  });
}

export async function runToEnd(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.stderr += chunk));
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : null, ...texts };
}
