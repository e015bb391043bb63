import { didYouMean } from '../../text/did-you-mean.ts';

/**
 * Finds the service that a person means: by its whole name; by its container's service, where that has one route; or by the
 * name of its compose service alone. Pure.
 */
export interface NotFound {
  /** The services that the name may stand for, if they are several. */
  readonly several: readonly string[];
  readonly suggestion: string | undefined;
}

export function serviceMeant(asked: string, services: Iterable<string>): string | NotFound {
  const all = [...services];
  if (all.includes(asked)) return asked;
  const base = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  // `shop/web` is declared as `shop/web:http` where its route has a name, and one of several ports as `shop/web:8001`.
  const routes = all.filter((name) => name.startsWith(`${asked}:`));
  const short = all.filter((name) => base(name) === asked || base(name).startsWith(`${asked}:`));
  const found = routes.length > 0 ? routes : short;
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  if (found.length > 0) return { several: found, suggestion: undefined };
  const near = didYouMean(asked, all.map(base));
  return { several: [], suggestion: didYouMean(asked, all) ?? all.find((name) => base(name) === near) };
}
