import { EngineError } from './engine.ts';

/**
 * Parses the address of an engine, in the forms that DOCKER_HOST accepts. Pure.
 */
export type EngineTarget =
  /** A Unix socket, or on Windows a named pipe. */
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: boolean }
  | { readonly kind: 'ssh'; readonly host: string; readonly port?: number; readonly user?: string };

export interface EngineEnvironment {
  readonly DOCKER_TLS_VERIFY?: string | undefined;
  readonly DOCKER_CERT_PATH?: string | undefined;
}

/** Throws an `EngineError` that names the accepted forms. */
export function parseEngineUrl(url: string, environment: EngineEnvironment = {}): EngineTarget {
  const socket = /^(?:unix|npipe):\/\/(.+)$/s.exec(url)?.[1];
  if (socket !== undefined) return { kind: 'socket', path: socket };
  if (url.startsWith('/')) throw unusable(url, `did you mean unix://${url}?`);
  if (/^[\w.-]+:\d+$/.test(url)) throw unusable(url, `did you mean tcp://${url}?`);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || parsed.hostname === '') throw unusable(url, acceptedForms);
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  switch (parsed.protocol) {
    case 'tcp:':
    case 'http:':
    case 'https:':
      return tcpTarget(parsed, host, environment);
    case 'ssh:':
      return {
        kind: 'ssh',
        host,
        ...(parsed.port !== '' && { port: Number(parsed.port) }),
        ...(parsed.username !== '' && { user: decodeURIComponent(parsed.username) }),
      };
    default:
      throw unusable(url, acceptedForms);
  }
}

/** Whether the address says that the engine runs on this machine. */
export function isLocal(target: EngineTarget): boolean {
  if (target.kind === 'socket') return true;
  if (target.kind === 'ssh') return false;
  return /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(target.host);
}

const acceptedForms = 'use unix:///path, tcp://host:2375, https://host:2376, ssh://user@host or npipe:////./pipe/name';

/** The engine's default port is 2375 without TLS and 2376 with TLS (dockerd's documentation). */
function tcpTarget(parsed: URL, host: string, environment: EngineEnvironment): EngineTarget {
  const verify = environment.DOCKER_TLS_VERIFY !== undefined && environment.DOCKER_TLS_VERIFY !== '';
  const secure = parsed.protocol === 'https:' || (parsed.protocol === 'tcp:' && (verify || parsed.port === '2376'));
  const fallback = { 'http:': 80, 'https:': 443 }[parsed.protocol] ?? (secure ? 2376 : 2375);
  return { kind: 'tcp', host, port: parsed.port === '' ? fallback : Number(parsed.port), tls: secure };
}

function unusable(url: string, fix: string): EngineError {
  return new EngineError('unreachable', `${JSON.stringify(url)} is not an engine's address: ${fix}`);
}

/** The engine that is watched where nothing names another. */
export const defaultEngine = 'unix:///var/run/docker.sock';
