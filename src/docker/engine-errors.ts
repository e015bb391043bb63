import { printable } from '../text/printable.ts';
import { endpointPaths, inWords } from './endpoints.ts';
import { EngineError } from './engine.ts';
import type { EngineTarget, SshTarget } from './engine-url.ts';
import { defaultTls } from './tls-source.ts';

/**
 * Turns each failure of an engine call into one readable line that says what to do. Pure.
 */
export interface FailedCall {
  readonly endpoint: string;
  readonly target: EngineTarget;
  /** Method and path, e.g. `GET /containers/json`. */
  readonly call: string;
}

const needed = `it must allow GET ${inWords(endpointPaths('needed'))}`;
const swarmPaths = endpointPaths('swarm');
const neededForSwarm = `let it allow GET ${inWords(swarmPaths)}, too, or set --swarm off`;

export function connectionFailed(failed: FailedCall, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const raw = printable(reasonOf(cause) || code, 200);
  const { target, endpoint } = failed;
  const error = (kind: EngineError['kind'], message: string): EngineError => new EngineError(kind, message, { cause });
  if (code.startsWith('HPE_')) return error('nonsense', `${endpoint} does not speak HTTP: is it a Docker engine?`);
  if (isTlsError(code, raw)) return error('unreachable', tlsAdvice(target, endpoint, raw));
  if (target.kind === 'socket') return error(...socketAdvice(target.path, code, raw));
  if (target.kind === 'ssh') return error('unreachable', sshAdvice(target, endpoint, code, raw));
  switch (code) {
    case 'ECONNREFUSED':
      return error(
        'unreachable',
        `nothing listens at ${endpoint}${defaulted(target, endpoint)}: is the engine running, and is that its port?`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return error('unreachable', `the host name in ${endpoint} cannot be resolved: correct it, or check DNS`);
    case 'ECONNRESET':
      if (target.tls) return error('unreachable', `${endpoint} cannot be reached (${raw})`);
      return error('unreachable', `${endpoint} closes the connection: does it expect TLS? ${tlsFix}`);
    default:
      return error('unreachable', `${endpoint} cannot be reached (${raw})`);
  }
}

const tlsFix = 'Take a Docker context with TLS files, or set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH';

/** OpenSSL's own words for a failed handshake, without the place in its source that the message has as well. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'reason' in cause && typeof cause.reason === 'string' ? cause.reason : cause.message;
}

/** The port that is dialed where the address has none. */
function defaulted(target: EngineTarget, endpoint: string): string {
  return target.kind === 'tcp' && !endpoint.includes(`:${target.port}`) ? `, port ${target.port}` : '';
}

export function timedOut({ endpoint, call }: FailedCall, deadlineMs: number): EngineError {
  const seconds = `${Number((deadlineMs / 1000).toPrecision(2))} s`;
  // A manager waits for a leader before it answers.
  const guess = isOfSwarm(call) ? 'has its Swarm a leader?' : 'is the engine hung?';
  return new EngineError('timeout', `${endpoint} gave no answer to ${call} within ${seconds}: ${guess}`);
}

function isOfSwarm(call: string): boolean {
  return swarmPaths.some((path) => call === `GET ${path}`);
}

/** The error for an answer with a status other than 200. `said` is the engine's own message, if the body has one. */
export function badStatus(failed: FailedCall, status: number, said: string | undefined, body: string): EngineError {
  const { endpoint, call, target } = failed;
  const quote = said === undefined ? '' : ` (${printable(said, 200)})`;
  if (status === 401 || status === 403 || status === 405) {
    const advice = `if a socket proxy stands before the engine, ${isOfSwarm(call) ? neededForSwarm : needed}`;
    const message = `${endpoint} refuses ${call} with HTTP ${status}${quote}: ${advice}`;
    return new EngineError('refused', message, { forbidden: true });
  }
  if (target.kind === 'tcp' && !target.tls && /HTTP request to an HTTPS server/i.test(`${said ?? ''}${body}`)) {
    return new EngineError('nonsense', `${endpoint} expects TLS. ${tlsFix}`);
  }
  if (said !== undefined) {
    return new EngineError('refused', `${endpoint} answers ${call} with HTTP ${status}${quote}`);
  }
  return nonsense(failed, `HTTP ${status} ${glimpse(body)}`);
}

/** The error for a changing call that was not done: the engine's own message says what is wrong with the container. */
export function changeRefused(failed: FailedCall, status: number, said: string | undefined, body: string): EngineError {
  const { endpoint, call } = failed;
  if (status === 401 || status === 403 || status === 405) {
    const advice = `if a socket proxy stands before the engine, it must allow ${call}, too`;
    const quote = said === undefined ? '' : ` (${printable(said, 200)})`;
    const message = `${endpoint} refuses ${call} with HTTP ${status}${quote}: ${advice}`;
    return new EngineError('refused', message, { forbidden: true });
  }
  return said === undefined ? badStatus(failed, status, said, body) : new EngineError('refused', printable(said, 300));
}

export function nonsense(failed: FailedCall, what: string): EngineError {
  return new EngineError(
    'nonsense',
    `${failed.endpoint} answers ${failed.call} with ${what}: is it a Docker engine? Check the address`,
  );
}

/** The quoted beginning of an unexpected answer. */
export function glimpse(body: string): string {
  const text = printable(body.trim().replaceAll(/\s+/g, ' '), 60);
  return text === '' ? '(empty)' : JSON.stringify(text);
}

function socketAdvice(path: string, code: string, raw: string): [EngineError['kind'], string] {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return [
        'unreachable',
        `there is no engine socket at ${path}: is the engine running, and is that its address? ` +
          `In a container, mount it (-v ${path}:${path})`,
      ];
    case 'EACCES':
    case 'EPERM':
      return [
        'permission',
        `no permission to open ${path}: add this user to its group (usermod -aG docker), ` +
          `or a container with group_add / --group-add and the number that "stat -c %g ${path}" prints`,
      ];
    case 'ECONNREFUSED':
      return [
        'unreachable',
        `nothing listens on ${path}: the engine is stopped, or was restarted while this file was bind-mounted ` +
          `(then mount its directory instead), or there was no such file to mount, and the engine made a folder of it`,
      ];
    case 'ENOTSOCK':
      return ['unreachable', `${path} is not a socket: correct the engine's address`];
    default:
      return ['unreachable', `the engine at ${path} cannot be reached (${raw})`];
  }
}

/** What to do where there is no socket at any of the usual paths. */
export function noUsualSocket(paths: readonly string[]): string {
  return (
    `there is no engine socket at ${paths.join(', ')}: is Docker running? ` +
    `In a container, mount it (-v /var/run/docker.sock:/var/run/docker.sock); elsewhere set --docker or DOCKER_HOST`
  );
}

function sshAdvice({ user, host }: SshTarget, endpoint: string, code: string, raw: string): string {
  if (code === 'ENOENT') return `${endpoint} needs the ssh command, which is not installed here`;
  return `${endpoint} cannot be reached (${raw}): does "ssh ${user === undefined ? '' : `${user}@`}${host} docker version" work without a question?`;
}

function isTlsError(code: string, raw: string): boolean {
  return (
    /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code) || /\bSSL\b/.test(raw)
  );
}

function tlsAdvice(target: EngineTarget, endpoint: string, raw: string): string {
  const isPlain = target.kind === 'tcp' && /wrong version number|packet length too long/i.test(raw);
  const { namedBy, withoutIt } = (target.kind === 'tcp' && target.tls) || defaultTls;
  if (isPlain) return `${endpoint} does not speak TLS: use its port without TLS, or ${withoutIt}`;
  return `the TLS handshake with ${endpoint} fails (${raw}): check ${namedBy} (ca.pem, cert.pem, key.pem)`;
}
