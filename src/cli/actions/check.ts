import { checkProject, kindOf, type FileKind } from '../../check/check.ts';
import { annotation, isProblem, renderReport, type ReportFormat } from '../../check/report.ts';
import { createDiskLoader } from '../../compose/disk-loader.ts';
import type { Loader } from '../../compose/load.ts';
import { ComposeError } from '../../compose/location.ts';
import { readProject, type ComposeProject, type ProjectRequest } from '../../compose/project.ts';
import { hasColours } from '../colours.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfig } from '../../config/load.ts';
import { quoted } from '../../text/printable.ts';

/**
 * `sealane check [FILE …]`: reads compose files as compose does, without an engine, and reports mistakes in their
 * labels. Exit code 0: no mistake; 1: at least one; 2: the files can't be used.
 */
export interface CheckFlags {
  readonly format?: string;
  readonly as?: string;
  readonly dotenv?: readonly string[];
  readonly envFile?: string;
  readonly profile?: readonly string[];
  readonly projectName?: string;
  readonly labelPrefix?: string;
}

const formats: readonly ReportFormat[] = ['text', 'json', 'github'];
const kinds: readonly FileKind[] = ['compose', 'stack'];

export async function check(files: readonly string[], flags: CheckFlags): Promise<number> {
  const format = formats.find((one) => one === (flags.format ?? 'text'));
  if (!format) throw new ConfigError(`--format must be text, json or github, not ${quoted(flags.format ?? '')}`);
  const readAs = kinds.find((one) => one === flags.as);
  if (flags.as !== undefined && !readAs)
    throw new ConfigError(`--as must be compose or stack, not ${quoted(flags.as)}`);
  if (flags.envFile !== undefined)
    throw new ConfigError('Node itself reads the file of --env-file, and obeys its NODE_OPTIONS; write --dotenv FILE');
  const { settings } = await loadConfig(flags.labelPrefix === undefined ? {} : { 'label-prefix': flags.labelPrefix }, {
    SEALANE_LABEL_PREFIX: process.env['SEALANE_LABEL_PREFIX'],
  });
  // GitHub takes the file of an annotation for a path from the top of the repository.
  const top = format === 'github' ? process.env['GITHUB_WORKSPACE'] : undefined;
  const disk = createDiskLoader(top ?? process.cwd());
  try {
    const request = {
      files,
      envFiles: flags.dotenv ?? [],
      profiles: flags.profile ?? [],
      projectName: flags.projectName,
      folder: process.cwd(),
      environment: process.env,
    };
    const project = await readAsDeployed(request, readAs, disk);
    const report = checkProject(project, { labelPrefix: settings['label-prefix'], readAs });
    process.stdout.write(renderReport(report, format, { colour: hasColours(process.stdout), lineOf: disk.lineOf }));
    return report.findings.some(isProblem) ? 1 : 0;
  } catch (error) {
    if (error instanceof ComposeError && format === 'github') {
      process.stdout.write(`${annotation(error.location, 'compose-invalid', error.complaint)}\n`);
    }
    throw error;
  }
}

/** `docker stack deploy` reads variables from its environment only, and from no .env. */
async function readAsDeployed(
  request: ProjectRequest,
  readAs: FileKind | undefined,
  loader: Loader,
): Promise<ComposeProject> {
  const project = await readProject(request, loader);
  const isStack = (readAs ?? kindOf(project)) === 'stack';
  if (!isStack || request.envFiles.length > 0) return project;
  return readProject({ ...request, files: project.files, envFiles: 'none' }, loader);
}
