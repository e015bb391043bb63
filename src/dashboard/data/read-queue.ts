/**
 * Reads the services that events named as changed: one read at a time, and exactly one more for all that is named
 * meanwhile. A storm of changes costs one read each `gapMs`, and what is shown is at most that much older than a
 * change.
 */
export interface Reads {
  readAll(): Promise<void>;
  readSome(names: readonly string[], alsoProblems: boolean): Promise<void>;
  onFailure(error: unknown): void;
}

export interface ReadQueue {
  all(): void;
  some(names: Iterable<string>, alsoProblems: boolean): void;
}

/** Beyond this many services, reading the whole list is less work. */
const someAtMost = 20;
const gapMs = 200;

export function createReadQueue(reads: Reads, wait: (ms: number) => Promise<void> = sleep): ReadQueue {
  let everything = false;
  let alsoProblems = false;
  let names = new Set<string>();
  let running = false;

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      while (everything || alsoProblems || names.size > 0) {
        const wanted = { everything: everything || names.size > someAtMost, names: [...names], alsoProblems };
        everything = false;
        alsoProblems = false;
        names = new Set();
        if (wanted.everything) await reads.readAll();
        else await reads.readSome(wanted.names, wanted.alsoProblems);
        await wait(gapMs);
      }
    } catch (error) {
      // The receiver of this failure reads everything anew once the server answers again.
      reads.onFailure(error);
    } finally {
      running = false;
    }
  };

  return {
    all() {
      everything = true;
      void run();
    },
    some(more, problemsToo) {
      for (const name of more) names.add(name);
      alsoProblems ||= problemsToo;
      void run();
    },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
