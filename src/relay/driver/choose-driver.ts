import type { DriverName } from '../boundary/messages.ts';
import { openLibc } from './splice/libc.ts';

/**
 * Chooses the driver that moves the bytes, with the reason: splice where Linux, the processor and Node allow it, else
 * stream.
 */
type DriverChoice =
  | { readonly kind: 'chosen'; readonly driver: DriverName; readonly reason: string }
  | { readonly kind: 'impossible'; readonly reason: string };

/** The facts that decide; tests replace them. */
export interface DriverFacts {
  readonly platform: string;
  readonly arch: string;
  /** Why libc can't be called; undefined where it can. */
  readonly libcMissing: string | undefined;
}

export function chooseDriver(wanted: 'auto' | DriverName, facts: () => DriverFacts = driverFacts): DriverChoice {
  if (wanted === 'stream') return { kind: 'chosen', driver: 'stream', reason: 'as configured' };
  const obstacle = spliceObstacle(facts());
  if (obstacle === undefined) {
    const reason = wanted === 'splice' ? 'as configured' : 'Linux and node:ffi allow it';
    return { kind: 'chosen', driver: 'splice', reason };
  }
  if (wanted === 'splice') return { kind: 'impossible', reason: obstacle };
  return { kind: 'chosen', driver: 'stream', reason: `splice is not possible: ${obstacle}` };
}

/**
 * The Node flags that a relay thread needs for splice: Node before 26.10 has node:ffi behind a flag, which a worker
 * thread may be given alone.
 */
export function spliceExecArgv(): readonly string[] {
  return knowsFfiFlag() && !hasFfi() ? [ffiFlag] : [];
}

const ffiFlag = '--experimental-ffi';

function driverFacts(): DriverFacts {
  return { platform: process.platform, arch: process.arch, libcMissing: libcMissing() };
}

function libcMissing(): string | undefined {
  // This thread can't try node:ffi, but its worker threads are given the flag.
  if (!hasFfi() && knowsFfiFlag()) return undefined;
  const libc = openLibc();
  return 'unavailable' in libc ? libc.unavailable : undefined;
}

function spliceObstacle({ platform, arch, libcMissing: missing }: DriverFacts): string | undefined {
  if (platform !== 'linux') return `it needs Linux, this is ${platform}`;
  if (arch !== 'x64' && arch !== 'arm64') return `it needs an x64 or arm64 processor, this is ${arch}`;
  return missing;
}

function hasFfi(): boolean {
  return process.getBuiltinModule('node:module').isBuiltin('node:ffi');
}

function knowsFfiFlag(): boolean {
  return process.allowedNodeEnvironmentFlags.has(ffiFlag);
}
