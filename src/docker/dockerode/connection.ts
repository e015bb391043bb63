import { Agent } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { EngineError } from '../engine.ts';
import type { EngineTarget } from '../engine-url.ts';
import { readSmallFile } from '../small-file.ts';
import { tlsFiles, type TlsSource } from '../tls-source.ts';
import { connectSsh } from './ssh-connection.ts';
import { withoutFormatting } from './without-formatting.ts';
import { withoutRedirects } from './without-redirects.ts';
import { messageOf } from '../../text/message-of.ts';
import { quoted } from '../../text/printable.ts';

/**
 * Opens connections to the engine, through one HTTP agent for each kind of target. A connection is kept for the calls that
 * follow at once: a list of thousands of containers leads to as many calls.
 */
export interface EngineConnectionOptions {
  /** The ssh command, with the arguments that come before those added here. */
  readonly ssh: readonly [string, ...string[]];
}

export async function createEngineAgent(target: EngineTarget, options: EngineConnectionOptions): Promise<Agent> {
  const tls = target.kind === 'tcp' && target.tls ? await readCertificates(target.tls) : {};
  // Each ssh connection costs a process and a handshake: they are kept for as long as they last, and their number is limited.
  // Others are closed before a proxy, a firewall or the engine does that unseen.
  const kept = target.kind === 'ssh' ? { maxSockets: 6 } : { timeout: idleMs };
  // Without it Node takes the server name for TLS from the host, and its first look at a host takes 10 ms.
  const plain = { servername: '' };
  const agent = new Agent({ keepAlive: true, ...kept, ...plain });
  agent.createConnection = () => open(target, tls, options);
  return withoutFormatting(withoutRedirects(agent));
}

/** How long a connection without a call is kept. */
const idleMs = 1_000;

function open(target: EngineTarget, tls: ConnectionOptions, options: EngineConnectionOptions): Duplex {
  switch (target.kind) {
    case 'socket':
      return connectTcp({ path: target.path });
    case 'tcp': {
      const { host, port } = target;
      // TCP keep-alive notices a peer that vanished without closing; a silent event stream never would.
      const reach = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 };
      return target.tls ? connectTls({ ...reach, servername: isName(host) ? host : '', ...tls }) : connectTcp(reach);
    }
    case 'ssh':
      return connectSsh(target, options.ssh);
  }
}

/** Reads ca.pem, cert.pem and key.pem, as the docker command does. */
async function readCertificates(source: TlsSource): Promise<ConnectionOptions> {
  const { folder, namedBy, isVerified, isRequired } = source;
  if (folder === undefined) return { rejectUnauthorized: isVerified };
  const [ca, cert, key] = await Promise.all(tlsFiles.map((file) => readOptional(join(folder, file))));
  if (ca === undefined && cert === undefined && isRequired && isVerified) {
    throw new EngineError('permission', `${namedBy} ${quoted(folder)} holds neither ca.pem nor cert.pem`);
  }
  return { rejectUnauthorized: isVerified, ...(ca && { ca }), ...(cert && key && { cert, key }) };
}

async function readOptional(path: string): Promise<Buffer | undefined> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return;
    const why = messageOf(error);
    throw new EngineError('permission', `cannot read the engine's certificate ${path}: ${why}`, { cause: error });
  }
}

/** Whether the host is a name: server names in TLS must not be addresses (RFC 6066, section 3). */
function isName(host: string): boolean {
  return !/^[\d.]+$|:/.test(host);
}
