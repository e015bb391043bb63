interface Listening {
  readonly listen: string;
  readonly port: number | null;
  readonly published: readonly string[];
}

/**
 * The addresses where clients connect: `127.0.0.1:80→8080` is published so, and `127.0.0.1:0→40000` got a free port.
 */
export function clientAddresses({ listen, port, published }: Listening): string[] {
  const isSame = (address: string): boolean => port === null || address.endsWith(`:${port}`);
  return (published.length === 0 ? [listen] : published).map((address) =>
    isSame(address) ? address : `${address}→${port}`,
  );
}
