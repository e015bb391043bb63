import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../config/config-error.ts';
import { separatedPath } from '../../config/engine-choice.ts';
import { suggestion } from '../../text/did-you-mean.ts';
import { messageOf } from '../../text/message-of.ts';
import { printable, quoted } from '../../text/printable.ts';
import { readSmallFile } from '../small-file.ts';
import { tlsFiles, type TlsSource } from '../tls-source.ts';

/**
 * Reads the contexts of the docker command from its folder: config.json names the current one, and
 * contexts/meta/<sha256 of the name>/meta.json has the engine of each, with TLS files beside. All of it is outside input.
 */
export interface DockerContext {
  readonly name: string;
  /** The engine's address; undefined where the context has none, and the docker command takes its default. */
  readonly url: string | undefined;
  readonly tls: TlsSource;
}

const configSchema = z.looseObject({ currentContext: z.string().optional() });

const metaSchema = z.looseObject({
  Name: z.string(),
  Endpoints: z
    .looseObject({
      docker: z.looseObject({ Host: z.string().optional(), SkipTLSVerify: z.boolean().optional() }).optional(),
    })
    .optional(),
});

/**
 * The context that `docker context use` has chosen. Like the docker command, it passes over a file that this user may
 * not read.
 *
 * @throws ConfigError for a file that can't be understood
 */
export async function currentContext(folder: string): Promise<string | undefined> {
  const path = configPath(folder);
  const fix = 'correct it, or name the engine with --docker or DOCKER_HOST';
  const config = await readJson(path, configSchema, fix, [...absentCodes, 'EACCES']);
  return config?.currentContext || undefined;
}

export function configPath(folder: string): string {
  return join(folder, 'config.json');
}

/** What names a context, for messages, and which other words it could name. */
export interface ContextSource {
  readonly text: string;
  readonly otherWords: readonly string[];
}

/** @throws ConfigError that names the contexts which exist, where this one does not */
export async function readContext(folder: string, name: string, namedBy: ContextSource): Promise<DockerContext> {
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(folder, 'contexts/meta', id, 'meta.json');
  const meta = await readJson(path, metaSchema, `create the Docker context ${quoted(name)} anew`);
  if (!meta) throw new ConfigError(absent(name, namedBy, await contextNames(folder), folder));
  const { Host: url = '', SkipTLSVerify: isUnverified = false } = meta.Endpoints?.docker ?? {};
  const files = join(folder, 'contexts/tls', id, 'docker');
  const hasFiles = (await namesIn(files)).some((file) => tlsFiles.some((one) => one === file));
  return {
    name,
    url: url === '' ? undefined : url,
    tls: {
      isWanted: hasFiles || isUnverified,
      isVerified: !isUnverified,
      folder: files,
      namedBy: `the folder of the Docker context ${quoted(name)}`,
      withoutIt: 'take the TLS files out of the Docker context',
      isRequired: hasFiles,
    },
  };
}

/** The names of the contexts that can be read. */
async function contextNames(folder: string): Promise<string[]> {
  const metas = join(folder, 'contexts/meta');
  const ids = await namesIn(metas).catch(() => []);
  const found = await Promise.all(
    ids.map((id) => readJson(join(metas, id, 'meta.json'), metaSchema, '').catch(() => undefined)),
  );
  return found.flatMap((meta) => meta?.Name ?? []).toSorted();
}

function absent(name: string, namedBy: ContextSource, existing: readonly string[], folder: string): string {
  const all = ['default', ...existing];
  const known = all.map((one) => printable(one, 60)).join(', ');
  const meant = suggestion(name, [...all, ...namedBy.otherWords]);
  // A context may be called so, but this is rather the rest of a path.
  const hint = name.endsWith('.sock') ? `; ${separatedPath}` : '';
  return `there is no Docker context ${quoted(name)}, which ${namedBy.text} names${meant}: ${printable(folder)} has ${known}${hint}`;
}

/** Undefined where reading fails with one of `passedOver`. `fix`: what to do about a file that can't be used. */
async function readJson<T extends z.ZodType>(
  path: string,
  schema: T,
  fix: string,
  passedOver: readonly string[] = absentCodes,
): Promise<z.output<T> | undefined> {
  const refuse = (why: string): ConfigError => new ConfigError(`${printable(path, 200)} ${why}: ${fix}`);
  let text: string;
  try {
    text = String(await readSmallFile(path));
  } catch (error) {
    const code = codeOf(error);
    if (passedOver.includes(code)) return undefined;
    throw refuse(code === '' ? messageOf(error) : `can't be read (${printable(code)})`);
  }
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw refuse(where === '' ? 'is no JSON object' : `has another ${where} than the docker command writes`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The names in a folder; none where there is none. A folder that can't be read may not count as empty. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new ConfigError(`${printable(folder, 200)} can't be read (${codeOf(error)}): make it readable for this user`);
  }
}

const absentCodes: readonly string[] = ['ENOENT', 'ENOTDIR'];

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
