import Dockerode from 'dockerode';

/**
 * Calls to the engine that the demo and the tests make: they build images and start containers, which Sealane's own
 * read-only port (docker/engine.ts) refuses to know.
 */
export type EngineClient = Dockerode;

const pingTimeoutMs = 3000;

/** `host` as DOCKER_HOST has it: unix://, npipe://, tcp:// or ssh://. TLS settings come from the usual DOCKER_ variables. */
export function connect(host: string): EngineClient {
  // `host` must be given as undefined: docker-modem would take it from DOCKER_HOST, and prefer it to the socket.
  const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(host)?.[1];
  return socket === undefined ? new Dockerode() : new Dockerode({ socketPath: socket, host: undefined });
}

export async function answers(host: string): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), pingTimeoutMs);
  });
  const pong = Promise.resolve()
    .then(() => connect(host).ping())
    .then(
      () => true,
      () => false,
    );
  const answered = await Promise.race([pong, tooLong]);
  clearTimeout(timer);
  return answered;
}

/**
 * Waits for the end of a build or an import. Rejects with the engine's own reason; for a build, with the last lines
 * that it printed beneath. `onLine` gets every line.
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

export async function imageExists(client: EngineClient, name: string): Promise<boolean> {
  try {
    await client.getImage(name).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}
