/**
 * Reads what was named as changed: one read at a time, whatever is named meanwhile is read by exactly one more. So a
 * storm of changes costs a read each `gapMs`, and nothing is shown that is older than its last change by more than that.
 */
export interface Reads {
  readAll(): Promise<void>;
  readSome(names: readonly string[], alsoProblems: boolean): Promise<void>;
  onFailure(error: unknown): void;
}

export interface Refresher {
  all(): void;
  some(names: Iterable<string>, alsoProblems: boolean): void;
}

/** Beyond so many the whole list is less work. */
const someAtMost = 20;
const gapMs = 200;

export function createRefresher(reads: Reads, wait: (ms: number) => Promise<void> = sleep): Refresher {
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
      // Whoever is told reads everything anew once there is hope again.
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
