import { EngineError } from './engine.ts';
import { defaultTls, type TlsSource } from './tls-source.ts';

/**
 * Parses the address of an engine, in the forms that DOCKER_HOST accepts. Pure.
 */
export interface EngineAddress {
  /** As it was written, for people. */
  readonly url: string;
  readonly target: EngineTarget;
}

export type EngineTarget =
  /** A Unix socket, or on Windows a named pipe. */
  | { readonly kind: 'socket'; readonly path: string }
  /** `tls` is undefined where the engine speaks plain HTTP. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: TlsSource | undefined }
  | SshTarget;

export interface SshTarget {
  readonly kind: 'ssh';
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  /** The path of the engine's socket there; the docker command of that machine knows it otherwise. */
  readonly path?: string;
}

/** Throws an `EngineError` that names the accepted forms. */
export function addressOf(url: string, tls?: TlsSource): EngineAddress {
  return { url, target: parseEngineUrl(url, tls) };
}

/** Throws an `EngineError` that names the accepted forms. */
export function parseEngineUrl(url: string, tls = defaultTls): EngineTarget {
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
      if (!isHostAlone(parsed)) throw unusable(url, 'it may have a host and a port, and no path, user or other part');
      return tcpTarget(parsed, host, tls);
    case 'ssh:':
      if (parsed.password !== '') throw unusable(url, 'ssh takes no password from an address: use a key or an agent');
      if (parsed.search !== '' || parsed.hash !== '') throw unusable(url, acceptedForms);
      return sshTarget(parsed, host, url);
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

/** The arguments of ssh that name the host, and the user and port there. */
export function sshDestination({ host, port, user }: SshTarget): string[] {
  const login = [...(user === undefined ? [] : ['-l', user]), ...(port === undefined ? [] : ['-p', String(port)])];
  return [...login, '--', host];
}

const acceptedForms =
  'use unix:///path, tcp://host:2375, https://host:2376, ssh://user@host[/path] or npipe:////./pipe/name';

/** Whether the address has a host and a port, and no other part, which would be passed over in silence. */
function isHostAlone({ username, password, pathname, search, hash }: URL): boolean {
  return [username, password, pathname.replace(/^\/$/, ''), search, hash].every((part) => part === '');
}

/** The engine's default port is 2375 without TLS and 2376 with TLS (dockerd's documentation). */
function tcpTarget(parsed: URL, host: string, tls: TlsSource): EngineTarget {
  const isByPort = parsed.protocol === 'tcp:' && (tls.isWanted || parsed.port === '2376');
  const secure = parsed.protocol === 'https:' || isByPort;
  const fallback = { 'http:': 80, 'https:': 443 }[parsed.protocol] ?? (secure ? 2376 : 2375);
  return {
    kind: 'tcp',
    host,
    port: parsed.port === '' ? fallback : Number(parsed.port),
    tls: secure ? tls : undefined,
  };
}

function sshTarget({ port, username, pathname }: URL, host: string, url: string): EngineTarget {
  const [user, path] = [decoded(username), decoded(pathname)];
  if (user === undefined || path === undefined) throw unusable(url, acceptedForms);
  // ssh would take it for an option, also where a user runs the command that a message names.
  if (host.startsWith('-') || user.startsWith('-')) throw unusable(url, 'its host or user begins with a dash');
  // The words after the host are read by the shell of the other machine.
  if (!/^[\w./@:+-]*$/.test(path)) {
    throw unusable(url, 'the path of its socket has other characters than letters, digits and _ . / @ : + -');
  }
  const isNamed = path.replaceAll('/', '') !== '';
  return {
    kind: 'ssh',
    host,
    ...(port !== '' && { port: Number(port) }),
    ...(user !== '' && { user }),
    ...(isNamed && { path }),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function unusable(url: string, fix: string): EngineError {
  return new EngineError('unreachable', `${JSON.stringify(url)} is not an engine's address: ${fix}`);
}

/** The engine that the docker command takes where nothing names another. */
export function defaultEngine(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock';
}
