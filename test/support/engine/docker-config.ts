import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes contexts as `docker context create` does (docker 28), into the folder of the docker command's configuration.
 */
export interface WrittenContext {
  readonly name: string;
  /** The engine's address; undefined for a context without one. */
  readonly host: string | undefined;
  readonly skipVerify?: boolean;
  /** The TLS files, by their names, such as `ca.pem`. */
  readonly tls?: Readonly<Record<string, string>>;
}

interface ContextPaths {
  readonly metaPath: string;
  readonly tlsFolder: string;
}

export async function writeContext(folder: string, context: WrittenContext): Promise<ContextPaths> {
  const { name, host, skipVerify = false, tls = {} } = context;
  const id = createHash('sha256').update(name).digest('hex');
  const metaPath = join(folder, 'contexts/meta', id, 'meta.json');
  const docker = { ...(host !== undefined && { Host: host }), SkipTLSVerify: skipVerify };
  await write(metaPath, JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }));
  const tlsFolder = join(folder, 'contexts/tls', id, 'docker');
  for (const [file, pem] of Object.entries(tls)) await write(join(tlsFolder, file), pem);
  return { metaPath, tlsFolder };
}

/** Makes the context the current one, as `docker context use` does. */
export async function useContext(folder: string, name: string): Promise<void> {
  await write(join(folder, 'config.json'), JSON.stringify({ auths: {}, currentContext: name }, undefined, '\t'));
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
}
