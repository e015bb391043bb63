import { checkProject } from '../../check/check.ts';
import { annotation, isProblem, renderReport, type ReportFormat } from '../../check/report.ts';
import { createDiskLoader } from '../../compose/disk-loader.ts';
import { ComposeError } from '../../compose/location.ts';
import { readProject } from '../../compose/project.ts';
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
  readonly dotenv?: readonly string[];
  readonly envFile?: string;
  readonly profile?: readonly string[];
  readonly projectName?: string;
  readonly labelPrefix?: string;
}

const formats: readonly ReportFormat[] = ['text', 'json', 'github'];

export async function check(files: readonly string[], flags: CheckFlags): Promise<number> {
  const format = formats.find((one) => one === (flags.format ?? 'text'));
  if (!format) throw new ConfigError(`--format must be text, json or github, not ${quoted(flags.format ?? '')}`);
  if (flags.envFile !== undefined)
    throw new ConfigError('Node itself reads the file of --env-file, and obeys its NODE_OPTIONS; write --dotenv FILE');
  const { settings } = await loadConfig(flags.labelPrefix === undefined ? {} : { 'label-prefix': flags.labelPrefix }, {
    SEALANE_LABEL_PREFIX: process.env['SEALANE_LABEL_PREFIX'],
  });
  const disk = createDiskLoader(process.cwd());
  try {
    const project = await readProject(
      {
        files,
        envFiles: flags.dotenv ?? [],
        profiles: flags.profile ?? [],
        projectName: flags.projectName,
        folder: process.cwd(),
        environment: process.env,
      },
      disk,
    );
    const report = checkProject(project, { labelPrefix: settings['label-prefix'] });
    process.stdout.write(renderReport(report, format, { colour: hasColours(process.stdout), lineOf: disk.lineOf }));
    return report.findings.some(isProblem) ? 1 : 0;
  } catch (error) {
    if (error instanceof ComposeError && format === 'github') {
      process.stdout.write(`${annotation(error.location, 'compose-invalid', error.complaint)}\n`);
    }
    throw error;
  }
}
