/**
 * Prints what the tour does, and a progress line when a step takes longer than a second.
 */
export interface Output {
  print(line?: string): void;
  /** Runs `work` and prints how long it took. `work` may report details for the progress lines. */
  step<T>(title: string, work: (detail: (line: string) => void) => Promise<T>): Promise<T>;
}

const firstProgressMs = 1000;
const nextProgressMs = 5000;

export function createOutput(stdout: { write(text: string): unknown }): Output {
  const print = (line = ''): void => void stdout.write(`${line}\n`);
  return {
    print,
    async step(title, work) {
      const startedMs = performance.now();
      const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
      let latest = '';
      const printProgress = (): void => print(`  … ${title}, ${seconds()}${latest === '' ? '' : `: ${latest}`}`);
      let timer = setTimeout(function again() {
        printProgress();
        timer = setTimeout(again, nextProgressMs);
      }, firstProgressMs);
      try {
        const result = await work((line) => {
          latest = line.length > 80 ? `${line.slice(0, 79)}…` : line;
        });
        print(`✓ ${title} (${seconds()})`);
        return result;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
