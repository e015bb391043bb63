import { DEFAULT_CIPHERS } from 'node:tls';
import type { TlsVersion } from '../../../boundary/table.ts';
import type { TlsContext, TlsTerms } from '../../driver.ts';
import type { Memory } from '../libc.ts';
import type { OpenSsl } from './openssl.ts';

/**
 * A context of OpenSSL (SSL_CTX_new(3)) with a certificate, set up as Node sets up its own: the same ciphers, versions and
 * modes, no cache of sessions, and the client's preference among ciphers. Unlike Node's it lets no client renegotiate,
 * which TLS 1.3 does not know.
 */
const none = 0n;

// SSL_CTX_set_options(3). A client that ends its connection without TLS' own end has ended, as for Node's sockets.
const options = (1n << 7n) | (1n << 30n); // IGNORE_UNEXPECTED_EOF, NO_RENEGOTIATION
// SSL_CTX_set_mode(3)
const modes = 0x1n | 0x2n | 0x10n; // ENABLE_PARTIAL_WRITE, ACCEPT_MOVING_WRITE_BUFFER, RELEASE_BUFFERS
/**
 * With AUTO_RETRY a read would handle messages of TLS itself, such as new keys, as long as a client sends them. It goes on
 * as well while there are bytes that were read ahead, so none are: one more call of the kernel for each record.
 */
const unwantedModes = 0x4n; // AUTO_RETRY
/** One ticket for each full handshake, where Node sends two: each takes 20 µs, and most clients use none of them. */
const tickets = 1n;
/** The commands of SSL_CTX_ctrl(3) that the macros of openssl/ssl.h stand for. */
const command = {
  setMode: 33n,
  setSessionCacheMode: 44n,
  setTicketKeys: 59n,
  clearMode: 78n,
  addChainCertificate: 89n,
  setMinVersion: 123n,
} as const;
const versions: Readonly<Record<TlsVersion, bigint>> = { 'TLSv1.2': 0x0303n, 'TLSv1.3': 0x0304n };

export class ServerContext implements TlsContext {
  /** The context as OpenSSL knows it; 0 once it is freed. */
  pointer: bigint;
  readonly openssl: OpenSsl;

  /** @throws Error where the certificate or its key is not usable */
  constructor(openssl: OpenSsl, terms: TlsTerms) {
    this.openssl = openssl;
    const { functions } = openssl;
    this.pointer = functions.SSL_CTX_new(functions.TLS_server_method(none, none), none);
    try {
      this.#setUp(terms);
    } catch (error) {
      this.free();
      throw error;
    } finally {
      functions.ERR_clear_error(none, none);
    }
  }

  /** A client in TLS has a reference of its own (SSL_new(3)), and goes on. */
  free(): void {
    if (this.pointer !== none) this.openssl.functions.SSL_CTX_free(this.pointer, none);
    this.pointer = none;
  }

  #setUp({ chain, key, minVersion, ticketKeys }: TlsTerms): void {
    const { functions, alpnCallback } = this.openssl;
    must(this.pointer !== none, 'there is no memory for it');
    functions.SSL_CTX_set_options(this.pointer, options);
    this.#control(command.setMode, modes);
    this.#control(command.clearMode, unwantedModes);
    this.#control(command.setSessionCacheMode, none);
    functions.SSL_CTX_set_num_tickets(this.pointer, tickets);
    this.#setCiphers(DEFAULT_CIPHERS.split(':'));
    must(this.#control(command.setMinVersion, versions[minVersion]) === 1, 'OpenSSL does not know the version');
    const keys = this.openssl.bytes(ticketKeys);
    must(this.#control(command.setTicketKeys, BigInt(keys.size), keys) === 1, 'the ticket key is not usable');
    keys.bytes.fill(0);
    this.#useChain(chain);
    this.#useKey(key);
    must(functions.SSL_CTX_check_private_key(this.pointer, none) === 1, 'the key is of another certificate');
    functions.SSL_CTX_set_alpn_select_cb(this.pointer, alpnCallback, none);
  }

  /** Node names the ciphers of TLS 1.3 and those of TLS 1.2 in one list; OpenSSL has one for each. */
  #setCiphers(names: readonly string[]): void {
    const { functions } = this.openssl;
    const [suites, ciphers] = [true, false].map((isSuite) =>
      this.openssl.text(names.filter((name) => name.startsWith('TLS_') === isSuite).join(':')),
    );
    if (suites) functions.SSL_CTX_set_ciphersuites(this.pointer, suites.pointer);
    if (ciphers) functions.SSL_CTX_set_cipher_list(this.pointer, ciphers.pointer);
  }

  /** The first certificate is the server's; those behind it are sent along. */
  #useChain(pem: string): void {
    const { functions } = this.openssl;
    this.#withText(pem, (bio) => {
      for (let count = 0; ; count++) {
        const certificate = functions.PEM_read_bio_X509(bio, none, none, none);
        if (certificate === none) return must(count > 0, 'there is no certificate');
        const isUsed =
          count === 0
            ? functions.SSL_CTX_use_certificate(this.pointer, certificate) === 1
            : functions.SSL_CTX_ctrl(this.pointer, command.addChainCertificate, 1n, certificate) === 1;
        functions.X509_free(certificate, none);
        must(isUsed, 'the certificate is not usable');
      }
    });
  }

  #useKey(pem: string): void {
    const { functions } = this.openssl;
    // Without a passphrase OpenSSL would ask for one at the terminal.
    const passphrase = this.openssl.text('');
    this.#withText(pem, (bio) => {
      const key = functions.PEM_read_bio_PrivateKey(bio, none, none, passphrase.pointer);
      must(key !== none, 'there is no key');
      const isUsed = functions.SSL_CTX_use_PrivateKey(this.pointer, key) === 1;
      functions.EVP_PKEY_free(key, none);
      must(isUsed, 'the key is not usable');
    });
  }

  /** Lets OpenSSL read a text, whose copy is overwritten afterwards, since it may be a key. */
  #withText(text: string, read: (bio: bigint) => void): void {
    const { functions } = this.openssl;
    const memory = this.openssl.text(text);
    const bio = functions.BIO_new_mem_buf(memory.pointer, BigInt(memory.size - 1));
    try {
      must(bio !== none, 'there is no memory for it');
      read(bio);
    } finally {
      functions.BIO_free(bio, none);
      memory.bytes.fill(0);
    }
  }

  #control(name: bigint, value: bigint, memory?: Memory): number {
    return this.openssl.functions.SSL_CTX_ctrl(this.pointer, name, value, memory?.pointer ?? none);
  }
}

function must(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}
