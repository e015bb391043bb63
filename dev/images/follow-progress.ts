import type { EngineClient } from '../../src/demo/engine-client.ts';

/**
 * Waits for the end of a build or an import. Rejects with the engine's reason and the last lines of a build's output.
 * `onLine` receives every line.
 */
export function followProgress(
  client: EngineClient,
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void = () => {},
): Promise<void> {
  const last: string[] = [];
  return new Promise((resolve, reject) => {
    client.modem.followProgress(
      stream,
      (error: Error | null, output: readonly ProgressMessage[]) => {
        const reason = output?.find((message) => message.error !== undefined)?.error;
        if (error) reject(error);
        else if (reason === undefined) resolve();
        else reject(new Error([reason, ...last].join('\n')));
      },
      (message: ProgressMessage) => {
        const line = message.stream?.trim() ?? '';
        if (line === '') return;
        onLine(line);
        last.push(line);
        if (last.length > 20) last.shift();
      },
    );
  });
}

interface ProgressMessage {
  readonly stream?: string;
  readonly error?: string;
}
