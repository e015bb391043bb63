import type { IncomingMessage } from 'node:http';
import type { EngineTarget } from '../engine-url.ts';
import { createEngineAgent, type EngineConnectionOptions } from './connection.ts';
import { openDockerode } from './open-dockerode.ts';
import { withoutFormatting } from './without-formatting.ts';

/**
 * Sends requests with docker-modem, the HTTP client beneath dockerode's calls. dockerode's own calls hide the response
 * headers (the API version is one), parse `timeNano` into a number that can't hold it, and may never settle.
 */
export interface ModemRequest {
  readonly method: 'GET' | 'POST';
  /** The path with the API version. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Becomes JSON. */
  readonly body?: object | undefined;
  /** Ends the request when it fires. */
  readonly signal: AbortSignal;
}

/** Sends a request; resolves to the response, whatever its status, once its headers have arrived. */
export type SendRequest = (request: ModemRequest) => Promise<IncomingMessage>;

/** The part of docker-modem that is used here; dockerode's types leave it `any`. */
interface Modem {
  dial(
    request: {
      readonly path: string;
      readonly method: ModemRequest['method'];
      readonly isStream: true;
      readonly statusCodes: Readonly<Record<number, true>>;
      readonly abortSignal: AbortSignal;
      /** The query, or the body of a POST. */
      readonly options?: object;
    },
    callback: (error: Error | null, response: IncomingMessage) => void,
  ): void;
}

/** docker-modem accepts each of these statuses as an answer, so that the caller can read it. */
const anyStatus = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [100 + index, true as const]));

export async function openModem(target: EngineTarget, options: EngineConnectionOptions): Promise<SendRequest> {
  const agent = await createEngineAgent(target, options);
  const modem = (await openDockerode(target, agent)).modem as Modem;
  return async (request) => {
    const wasKept = Object.keys(agent.freeSockets).length > 0;
    try {
      return await dial(modem, request);
    } catch (error) {
      if (!wasKept || request.method !== 'GET' || !isClosed(error)) throw error;
      // The engine closed the kept connection while the request was on its way, and maybe the others as well.
      for (const kept of Object.values(agent.freeSockets)) for (const socket of kept ?? []) socket.destroy();
      return dial(modem, request);
    }
  };
}

function dial(modem: Modem, { method, path, query, body, signal }: ModemRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = {
      // The modem appends `options` as a query only where the path has a question mark.
      path: `${path}${query ? '?' : ''}`,
      method,
      isStream: true,
      statusCodes: anyStatus,
      abortSignal: withoutFormatting(signal),
      ...(query && { options: { ...query } }),
      ...(body && { options: { ...body } }),
    } as const;
    modem.dial(request, (error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
