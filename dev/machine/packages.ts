import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { run, which } from './command.ts';

/**
 * Installs the missing system packages of a private engine or a test, on Debian and its derivatives, as root. The
 * installation starts no services.
 */
export interface Need {
  /** The program that must be installed: its name, or its path where no PATH leads to it. */
  readonly program: string;
  /** The Debian package that contains the program. */
  readonly debianPackage: string;
}

/** Whether `installMissing` can install packages on this machine. */
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
      `missing: ${missing.join(', ')}; only root on Debian or Ubuntu can install packages here: install them first`,
    );
  }
  await oneAtATime(async () => {
    // Another process may have installed some of the packages while this one waited for the lock.
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
 * Runs one task at a time on the whole machine. apt waits for dpkg's lock, but fails at once while another apt reads
 * the package lists; and a process that denied service starts must not allow them again while another one installs. The
 * lock is held by a child process until its input closes, which happens however this process ends.
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

/** apt tries each download again, first after a second, then after twice as long each time. */
async function apt(args: readonly string[]): Promise<void> {
  await run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=5', '-qq', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' },
    timeoutMs: 10 * 60_000,
  });
}

const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Denies service starts: Debian's maintainer scripts run this file first, and 101 means no. An existing file is kept.
 */
async function denyServiceStarts(): Promise<() => Promise<void>> {
  const exists = await access(policyFile).then(
    () => true,
    () => false,
  );
  if (exists) return async () => {};
  await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rm(policyFile, { force: true });
}
