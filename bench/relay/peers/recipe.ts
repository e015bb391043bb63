import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../dev/machine/command.ts';

/**
 * What a peer is asked to relay, and how its program is told. `http` and `bulk` are plain TCP, `named` is routed by TLS
 * server name, `proxied` gets a PROXY header (v2), and the TLS of the last two ends at the peer.
 */
export type PortKind = 'http' | 'bulk' | 'named' | 'proxied' | 'tlsWeb' | 'tlsBulk';

export interface RelayedPort {
  readonly kind: PortKind;
  readonly listen: number;
  /** The port of the server behind it. */
  readonly to: number;
}

export interface Setup {
  readonly ports: readonly RelayedPort[];
  /** For what is written. */
  readonly folder: string;
  /** Threads or processes that relay. */
  readonly workers: number;
  /** The path of a PEM file with a certificate and its key. */
  readonly certificate: string;
  /** A Docker engine for Sealane to watch. */
  readonly engine: string | undefined;
}

export interface Recipe {
  /** As readers know it. */
  readonly title: string;
  /** Looked for on PATH. */
  readonly program: string;
  /** Whether the program has what it needs beside itself. Default: yes. */
  readonly isWhole?: () => Promise<boolean>;
  readonly version: () => Promise<string>;
  /** What the program can't do, or is not told to do here. */
  readonly lacks: readonly PortKind[];
  /** Writes the program's files. Resolves with the arguments of each process. */
  readonly commands: (setup: Setup) => Promise<readonly (readonly string[])[]>;
}

export const tlsEnded: readonly PortKind[] = ['tlsWeb', 'tlsBulk'];

export function endsTls({ kind }: RelayedPort): boolean {
  return tlsEnded.includes(kind);
}

/** The first version number that a program prints on standard output or, failing, in its error. */
export async function printedVersion(program: string, ...args: readonly string[]): Promise<string> {
  const text = await run('sh', ['-c', '"$@" 2>&1', 'sh', program, ...args]);
  return /\d+\.\d+[\w.]*/.exec(text)?.[0] ?? 'of unknown version';
}

export async function written({ folder }: Setup, name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}
