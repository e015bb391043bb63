import { four, six, three, two } from '../libc-symbols.ts';

/**
 * The symbols of OpenSSL 3 that openssl.ts calls. Node's executable exports them. As in libc-symbols.ts every argument is
 * declared as a pointer, and a function of one argument gets a second one, so that V8 calls each directly.
 */
export const opensslSignatures = {
  BIO_ctrl_pending: { return: 'int32', arguments: two },
  BIO_free: { return: 'int32', arguments: two },
  BIO_new: { return: 'pointer', arguments: two },
  BIO_new_mem_buf: { return: 'pointer', arguments: two },
  BIO_s_mem: { return: 'pointer', arguments: two },
  BIO_write: { return: 'int32', arguments: three },
  ERR_clear_error: { return: 'void', arguments: two },
  ERR_peek_error: { return: 'pointer', arguments: two },
  ERR_reason_error_string: { return: 'pointer', arguments: two },
  EVP_PKEY_free: { return: 'void', arguments: two },
  OPENSSL_version_major: { return: 'int32', arguments: two },
  PEM_read_bio_PrivateKey: { return: 'pointer', arguments: four },
  PEM_read_bio_X509: { return: 'pointer', arguments: four },
  SSL_CTX_check_private_key: { return: 'int32', arguments: two },
  SSL_CTX_ctrl: { return: 'int32', arguments: four },
  SSL_CTX_free: { return: 'void', arguments: two },
  SSL_CTX_new: { return: 'pointer', arguments: two },
  SSL_CTX_set_alpn_select_cb: { return: 'void', arguments: three },
  SSL_CTX_set_cipher_list: { return: 'int32', arguments: two },
  SSL_CTX_set_ciphersuites: { return: 'int32', arguments: two },
  SSL_CTX_set_options: { return: 'pointer', arguments: two },
  SSL_CTX_set_num_tickets: { return: 'int32', arguments: two },
  SSL_CTX_use_PrivateKey: { return: 'int32', arguments: two },
  SSL_CTX_use_certificate: { return: 'int32', arguments: two },
  SSL_do_handshake: { return: 'int32', arguments: two },
  SSL_free: { return: 'void', arguments: two },
  SSL_get_error: { return: 'int32', arguments: two },
  SSL_get_rbio: { return: 'pointer', arguments: two },
  SSL_new: { return: 'pointer', arguments: two },
  SSL_peek: { return: 'int32', arguments: three },
  SSL_read: { return: 'int32', arguments: three },
  SSL_set_accept_state: { return: 'void', arguments: two },
  SSL_set0_rbio: { return: 'void', arguments: two },
  SSL_set_fd: { return: 'int32', arguments: two },
  SSL_set_rfd: { return: 'int32', arguments: two },
  SSL_shutdown: { return: 'int32', arguments: two },
  SSL_write: { return: 'int32', arguments: three },
  TLS_server_method: { return: 'pointer', arguments: two },
  X509_free: { return: 'void', arguments: two },
} as const;

/** The callback that chooses an application protocol (SSL_CTX_set_alpn_select_cb). */
export const alpnSignature = { return: 'int32', arguments: six } as const;
