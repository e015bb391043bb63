import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { run, which } from './command.ts';

/**
 * Installs the system packages that a private engine or a test needs, on Debian and its kin, as root, and only those
 * that are missing. No service is left running by it.
 */
export interface Need {
  /** The program that must be found. */
  readonly program: string;
  /** The Debian package that holds it. */
  readonly debianPackage: string;
}

/** Whether `installMissing` can work here at all. */
export async function canInstall(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) && (await which('apt-get')) !== undefined;
}

export async function installMissing(needs: readonly Need[], onProgress: (line: string) => void): Promise<void> {
  const missing = await missingOf(needs);
  if (missing.length === 0) return;
  if (!(await canInstall())) {
    throw new Error(
      `${missing.join(', ')} missing, and only root on Debian or Ubuntu can install it: install it first`,
    );
  }
  await oneAtATime(async () => {
    // Whoever was first may have installed it.
    const names = await missingOf(needs);
    if (names.length > 0) await install(names, onProgress);
  });
}

async function missingOf(needs: readonly Need[]): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const need of needs) if ((await which(need.program)) === undefined) missing.add(need.debianPackage);
  return [...missing];
}

async function install(names: readonly string[], onProgress: (line: string) => void): Promise<void> {
  onProgress(`installing ${names.join(', ')}`);
  const restore = await denyServiceStarts();
  try {
    await apt(['update']);
    await apt(['install', '--yes', '--no-install-recommends', ...names]);
  } finally {
    await restore();
  }
}

/**
 * On the whole machine: apt waits for dpkg, but fails at once where another one reads its lists; and who denies services
 * to start must not be the first to allow it again. The lock is given back with its holder's input, however we end.
 */
async function oneAtATime(task: () => Promise<void>): Promise<void> {
  const holder = spawn('flock', ['/run/lock/sealane-packages', 'sh', '-c', 'echo; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(holder, 'close');
  await Promise.race([once(holder.stdout, 'data'), ended]);
  try {
    await task();
  } finally {
    holder.stdin.end();
    await ended;
  }
}

async function apt(args: readonly string[]): Promise<void> {
  await run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2', '-qq', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' },
    timeoutMs: 10 * 60_000,
  });
}

const policyFile = '/usr/sbin/policy-rc.d';

/** Debian's maintainer scripts ask this file before they start a service; 101 means no. One that exists is respected. */
async function denyServiceStarts(): Promise<() => Promise<void>> {
  const exists = await access(policyFile).then(
    () => true,
    () => false,
  );
  if (exists) return async () => {};
  await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rm(policyFile, { force: true });
}
