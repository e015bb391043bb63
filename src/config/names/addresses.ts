import { z } from 'zod';
import { isUnix } from '../../address/address.ts';
import { parseListen } from '../../address/listen.ts';
import { refuse } from '../../text/refusal.ts';

/**
 * Parses the addresses on which names are served: `80`, `80,443`, `https://127.0.0.1:9000`. Pure.
 */
export interface NamesAddress {
  /** Undefined where only a port was given. */
  readonly host: string | undefined;
  readonly port: number;
  /** Whether TLS is ended there. */
  readonly tls: boolean;
}

/** The ports that speak TLS unless a scheme says otherwise. */
const tlsPorts: ReadonlySet<number> = new Set([443, 8443]);

const rule =
  'must be ports or IP:port, with commas between them, such as 80 or 80,443; https:// in front of one ends TLS there';

export const namesListenSchema = z.string().transform((text, context): readonly NamesAddress[] => {
  const addresses = text.split(',').map((part) => parse(part.trim()));
  if (!addresses.every((one) => one !== undefined)) return refuse(context, rule);
  const places = new Set(addresses.map(({ host = '', port }) => `${host} ${port}`));
  return places.size === addresses.length ? addresses : refuse(context, 'must have each address once');
});

function parse(text: string): NamesAddress | undefined {
  const [, scheme, place = text] = /^(https?):\/\/(.*?)\/?$/i.exec(text) ?? [];
  const listen = parseListen(place);
  if (!listen || isUnix(listen.host ?? '')) return undefined;
  return { ...listen, tls: scheme === undefined ? tlsPorts.has(listen.port) : scheme.toLowerCase() === 'https' };
}
