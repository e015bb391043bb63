import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { projectRoot } from '../../dev/images/sealane-image.ts';

/**
 * The YAML blocks of the README and of the pages under docs. A block whose info string is `yaml runs` is a compose file
 * that a reader can start as it stands; one with `yaml ci` is neither a compose file nor one of Sealane's.
 */
export interface Snippet {
  /** The page and the line of the block, for test titles. */
  readonly where: string;
  /** The info string after `yaml`, such as `runs` or `ci`; mostly empty. */
  readonly mark: string;
  readonly text: string;
}

const fence = /^```yaml *(.*)\n([^]*?)^```$/gm;

export async function docSnippets(): Promise<Snippet[]> {
  const docs = join(projectRoot, 'docs');
  const names = await readdir(docs, { recursive: true });
  // What is below .vitepress was made out of these pages.
  const written = names.filter((name) => name.endsWith('.md') && !name.startsWith('.vitepress'));
  const pages = written.map((name) => join(docs, name));
  const found = await Promise.all([join(projectRoot, 'README.md'), ...pages.toSorted()].map(snippetsOf));
  return found.flat();
}

async function snippetsOf(path: string): Promise<Snippet[]> {
  const page = await readFile(path, 'utf8');
  return [...page.matchAll(fence)].map(({ index, 1: mark = '', 2: text = '' }) => {
    const line = page.slice(0, index).split('\n').length;
    return { where: `${relative(projectRoot, path)}:${line}`, mark, text };
  });
}

const composeSchema = z.looseObject({
  services: z.record(
    z.string(),
    z.looseObject({
      image: z.string().optional(),
      ports: z.array(z.string()).optional(),
      volumes: z.array(z.string()).optional(),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

type ComposeFile = z.output<typeof composeSchema>;

export function readCompose(text: string): ComposeFile {
  return composeSchema.parse(parse(text));
}

/** What a test replaces: the service's own settings hold where the stand-in has none. */
export type StandIns = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * The compose file with each image replaced by its stand-in, host ports by free ones, and the engine's socket by the one
 * at `socket`. @throws Error for an image without a stand-in
 */
export function withStandIns(file: ComposeFile, standIns: StandIns, socket: string): string {
  const services = Object.entries(file.services).map(([name, service]) => {
    const standIn = standIns[service.image ?? ''];
    if (standIn === undefined) throw new Error(`there is no stand-in for the image of ${name}`);
    const ports = service.ports?.map((port) => port.replace(/:\d+:/, ':0:'));
    const volumes = service.volumes?.map((volume) => volume.replace(/^.*(?=:\/var\/run\/docker\.sock)/, socket));
    return [name, { ...service, ...(ports && { ports }), ...(volumes && { volumes }), ...standIn }];
  });
  return JSON.stringify({ ...file, services: Object.fromEntries(services) });
}
