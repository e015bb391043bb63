import { constants } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { uptime as machineUptime } from 'node:os';
import type { Readiness } from '../../admin/source.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { messageOf } from '../../text/message-of.ts';
import { printable } from '../../text/printable.ts';
import type { Clock, Timer } from '../../time/clock.ts';

/**
 * Keeps a file that says whether Sealane is ready, for a health check that starts no Node (image/healthy.sh). It is
 * written anew every few seconds: one that is older belongs to a Sealane that is stuck or gone.
 *
 *   ready 81234 80000          the state, and the machine's uptime in seconds: now, and at the state's begin
 *   the first list of containers was read
 */
export interface ReadyFile {
  /** The readiness may have changed. */
  update(): void;
  /** Removes the file. Resolves when no write is left. */
  stop(): Promise<void>;
}

export interface ReadyFileParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readiness: () => Readiness;
  /** The machine's uptime in seconds, as /proc/uptime has it; from this machine unless given. */
  readonly uptime?: () => number;
}

const renewMs = 10_000;
/** A link that another user put there is not followed. */
const flag = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/** Without a path nothing is written. */
export function keepReadyFile(path: string | undefined, parts: ReadyFileParts): ReadyFile {
  return path === undefined ? noFile : keepFile(path, parts);
}

const noFile: ReadyFile = { update() {}, stop: () => Promise.resolve() };

function keepFile(path: string, { clock, logger, readiness, uptime = machineUptime }: ReadyFileParts): ReadyFile {
  let state = '';
  let since = 0;
  let timer: Timer | undefined;
  let writes = Promise.resolve();
  let complained = false;

  const write = async (text: string): Promise<void> => {
    try {
      // The check never reads a half of it.
      await writeFile(`${path}.new`, text, { flag, mode: 0o644 });
      await rename(`${path}.new`, path);
      complained = false;
    } catch (error) {
      const reason = printable(messageOf(error), 400);
      if (!complained)
        logger.warn({ event: 'ready-file-failed', reason }, `the ready-file can't be written: ${reason}`);
      complained = true;
    }
  };

  const renew = (): void => {
    timer?.cancel();
    timer = clock.after(renewMs, renew);
    const { ready, reason } = readiness();
    const now = Math.floor(uptime());
    const next = ready ? 'ready' : 'not-ready';
    if (next !== state) since = now;
    state = next;
    const text = `${state} ${now} ${since}\n${printable(reason, 400)}\n`;
    writes = writes.then(() => write(text));
  };

  renew();
  return {
    update() {
      if ((readiness().ready ? 'ready' : 'not-ready') !== state) renew();
    },
    async stop() {
      timer?.cancel();
      await writes;
      await rm(path, { force: true }).catch(() => {});
    },
  };
}
