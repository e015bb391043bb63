/**
 * Tells whoever watches the tour what happens, and that something still happens when it takes longer than a second.
 */
export interface Narrator {
  say(line?: string): void;
  /** Announces `title`, then reports how long `work` took; `work` may say what it is about meanwhile. */
  step<T>(title: string, work: (detail: (line: string) => void) => Promise<T>): Promise<T>;
}

const firstSignMs = 1000;
const furtherSignsMs = 5000;

export function createNarrator(stdout: { write(text: string): unknown }): Narrator {
  const say = (line = ''): void => void stdout.write(`${line}\n`);
  return {
    say,
    async step(title, work) {
      const startedMs = performance.now();
      const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
      let latest = '';
      const sign = (): void => say(`  … ${title}, ${seconds()}${latest === '' ? '' : `: ${latest}`}`);
      let timer = setTimeout(function again() {
        sign();
        timer = setTimeout(again, furtherSignsMs);
      }, firstSignMs);
      try {
        const result = await work((line) => {
          latest = line.length > 80 ? `${line.slice(0, 79)}…` : line;
        });
        say(`✓ ${title} (${seconds()})`);
        return result;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
