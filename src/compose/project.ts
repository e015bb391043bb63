import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { printable } from '../text/printable.ts';
import type { Variables } from './interpolate.ts';
import { loadCompose, readEnvFiles, sectionOf, type Loader } from './load.ts';
import { readService, type ComposeService } from './service.ts';
import { ComposeError, type SourceLocation } from './location.ts';
import { textsOf } from './shape.ts';
import type { Mapping, Remark } from './tree.ts';
import { readNetworks, type ComposeNetwork } from './network.ts';

/**
 * Finds a compose project as `docker compose` would from this folder: its files, its `.env`, its name.
 */
export interface ComposeProject {
  readonly name: string;
  /** The paths of its files, without those that they include; each merges over the one before. */
  readonly files: readonly string[];
  readonly services: readonly ComposeService[];
  readonly networks: ReadonlyMap<string, ComposeNetwork>;
  /** The profiles that the user asked for; empty where there are none. */
  readonly profiles: readonly string[];
  readonly variables: Variables;
  /**
   * What says that the files are a stack's, which `docker stack deploy` reads: the first of what compose has no use for.
   * Hostile text; undefined where there is none.
   */
  readonly stackSign: string | undefined;
  /** Where its files begin. */
  readonly location: SourceLocation;
  readonly remarks: readonly Remark[];
}

export interface ProjectRequest {
  /** The files given with `-f`; empty: the files that compose finds by itself. */
  readonly files: readonly string[];
  /** The files of variables; empty: the one that compose finds by itself. `docker stack deploy` reads none. */
  readonly envFiles: readonly string[] | 'none';
  readonly profiles: readonly string[];
  readonly projectName: string | undefined;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The file names that compose looks for, in its order. */
const mainNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const overrideNames = [
  'compose.override.yaml',
  'compose.override.yml',
  'docker-compose.override.yaml',
  'docker-compose.override.yml',
];

/** Reads the project. @throws ComposeError @throws ConfigError when there is no file */
export async function readProject(request: ProjectRequest, loader: Loader): Promise<ComposeProject> {
  const { environment, folder } = request;
  const fromEnvironment: Variables = (name) => environment[name];
  const envOf = async (where: string): Promise<Variables> => {
    const { envFiles } = request;
    if (envFiles === 'none') return fromEnvironment;
    const named = envFiles.length > 0;
    const paths = named ? envFiles : [join(where, '.env')];
    const own = await readEnvFiles(
      paths.map((path) => resolve(folder, path)),
      fromEnvironment,
      loader,
      named,
    );
    return (name) => environment[name] ?? own.get(name);
  };
  const files = await findFiles(request, await envOf(folder), loader);
  const [main = '-'] = files;
  const projectFolder = main === '-' ? folder : dirname(main);
  const variables = await envOf(projectFolder);
  const { root, remarks } = await loadCompose(files, { folder: projectFolder, variables }, loader);
  const name =
    request.projectName ??
    (variables('COMPOSE_PROJECT_NAME') || undefined) ??
    textsOf(root.entries.get('name')?.value)[0] ??
    basename(projectFolder);
  const profiles = request.profiles.length > 0 ? request.profiles : listOf(variables('COMPOSE_PROFILES'), ',');
  const services = readServices(root, remarks);
  const networks = readNetworks(sectionOf(root, 'networks'));
  return {
    name: normalised(name),
    files,
    services,
    networks,
    profiles,
    variables,
    stackSign: stackSign(services, networks),
    location: { ...root.location, line: 1, column: 1 },
    remarks,
  };
}

/** Reads all services. Where one is malformed for want of a required variable, that variable is named. */
function readServices(root: Mapping, remarks: readonly Remark[]): ComposeService[] {
  try {
    return [...sectionOf(root, 'services')].map(([service, entry]) => readService(service, entry));
  } catch (error) {
    const missing = remarks.find(({ kind }) => kind === 'required');
    if (error instanceof ComposeError && missing)
      throw new ComposeError(missing.location, missing.message, { cause: error });
    throw error;
  }
}

function stackSign(
  services: readonly ComposeService[],
  networks: ReadonlyMap<string, ComposeNetwork>,
): string | undefined {
  for (const { name, deploy } of services)
    if (deploy.swarmOnly !== undefined) return `${name} has deploy.${deploy.swarmOnly}`;
  const [overlay] = [...networks].find(([, { isOverlay }]) => isOverlay) ?? [];
  return overlay === undefined ? undefined : `network ${overlay} is an overlay`;
}

async function findFiles(request: ProjectRequest, variables: Variables, loader: Loader): Promise<string[]> {
  const { folder } = request;
  const named =
    request.files.length > 0
      ? request.files
      : listOf(variables('COMPOSE_FILE'), variables('COMPOSE_PATH_SEPARATOR') || ':');
  if (named.length > 0) return named.map((path) => (path === '-' ? path : resolve(folder, path)));
  for (let where = folder; ; where = dirname(where)) {
    const main = await firstOf(mainNames, where, loader);
    if (main !== undefined) {
      const override = await firstOf(overrideNames, where, loader);
      return override === undefined ? [main] : [main, override];
    }
    if (where === dirname(where)) break;
  }
  throw new ConfigError(
    `there is no ${mainNames[0]} in ${printable(folder, 400)} or above it; name one: sealane check FILE`,
  );
}

async function firstOf(names: readonly string[], folder: string, loader: Loader): Promise<string | undefined> {
  for (const name of names) if (await loader.exists(join(folder, name))) return join(folder, name);
  return undefined;
}

function listOf(text: string | undefined, separator: string): string[] {
  return (text ?? '').split(separator).filter((one) => one !== '');
}

/** The project's name of a folder's name: in lower case, without characters that a project's name can't have. */
function normalised(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}
