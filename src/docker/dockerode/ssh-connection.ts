import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { sshDestination, type SshTarget } from '../engine-url.ts';

/**
 * Connects to an engine with `ssh host docker system dial-stdio`, as the docker command does. The user's ssh provides
 * ~/.ssh/config, known hosts, agent and jump hosts; the ssh2 of docker-modem would accept any host key.
 */
export function connectSsh(target: SshTarget, [command, ...leading]: readonly [string, ...string[]]): Duplex {
  const child = spawn(command, [...leading, ...sshArguments(target)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-500);
  });
  const connection = new SshConnection(child);
  child.once('error', (error) => connection.destroy(error));
  // `close` comes after all output was read: the last line on standard error is the best reason for the failure.
  child.once('close', (code) => {
    const last = said.trim().split('\n').at(-1) ?? '';
    if (code === 0 || last === '') connection.endOfAll();
    else connection.destroy(new Error(last.startsWith('ssh: ') ? last : `ssh: ${last}`));
  });
  // Neither the child nor its pipes may keep this process alive: an idle connection may wait for ever.
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref();
  return connection;
}

/** ssh must never prompt, since no user is at the terminal. */
const unattended = ['-T', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-o', 'ServerAliveInterval=15'];

function sshArguments(target: SshTarget): string[] {
  const at = target.path === undefined ? [] : [`--host=unix://${target.path}`];
  return [...unattended, ...sshDestination(target), 'docker', ...at, 'system', 'dial-stdio'];
}

/** Behaves enough like a socket for node:http, which sets options that a pipe does not have. */
class SshConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    // A broken pipe is ignored here: `close` follows with the reason.
    child.stdin.on('error', () => {});
  }

  /** ssh has ended in order: what it said is still read, and then the connection is closed, which its agent drops. */
  endOfAll(): void {
    this.once('end', () => this.destroy());
    this.push(null);
    // Nothing reads a connection that waits for its next call.
    if (this.listenerCount('data') === 0) this.resume();
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
