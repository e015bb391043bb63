/** What decides about TLS with an engine: the variables of the docker command, or a Docker context. */
export interface TlsSource {
  /** Whether tcp:// means TLS on every port; otherwise it does so on port 2376 alone. */
  readonly isWanted: boolean;
  /** Whether the engine's certificate must be signed by an authority that is trusted, for its host. */
  readonly isVerified: boolean;
  /** The folder of ca.pem, cert.pem and key.pem; undefined where there is none, and Node's authorities decide alone. */
  readonly folder: string | undefined;
  /** What names the folder, for messages. */
  readonly namedBy: string;
  /** What to do to have no TLS, for messages. */
  readonly withoutIt: string;
  /** Whether the folder must have certificates; else the authorities that Node trusts will do. */
  readonly isRequired: boolean;
}

/** The files of a folder with TLS material, as the docker command names them. */
export const tlsFiles = ['ca.pem', 'cert.pem', 'key.pem'] as const;

/** TLS where nothing says anything of it. */
export const defaultTls: TlsSource = {
  isWanted: false,
  isVerified: true,
  folder: undefined,
  namedBy: 'DOCKER_CERT_PATH',
  withoutIt: 'unset DOCKER_TLS_VERIFY',
  isRequired: false,
};
