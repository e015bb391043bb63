import { z } from 'zod';
import { refuse } from '../text/refusal.ts';

/**
 * Reads the setting `docker`: which engines are watched, each as `[name=]url` or `[name=]context`. Pure; docker/find
 * finds them.
 */
export type EngineChoice =
  | { readonly kind: 'url'; readonly name: string | undefined; readonly url: string }
  /** The name of a Docker context. */
  | { readonly kind: 'context'; readonly name: string | undefined; readonly context: string };

/** `none`: static services only. */
export type EngineChoices = 'none' | readonly EngineChoice[];

/** The names of engines stand in logs, metrics and the names of upstreams. */
export const engineName = /^[a-z0-9][a-z0-9_.-]{0,31}$/i;

/** Values are separated by commas or spaces: an address that has one in its path is given by a Docker context. */
export const enginesSchema = z.string().transform((text, context): EngineChoices => {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  if (parts.length === 1 && parts[0] === 'none') return 'none';
  const choices: EngineChoice[] = [];
  for (const [index, part] of parts.entries()) {
    const choice = choiceOf(part);
    if ('rule' in choice) {
      const hint = parts.slice(0, index).some(isSocket) ? ` (${separatedPath})` : '';
      return refuse(context, choice.rule + hint, choice.meant && parts.with(index, choice.meant).join(','));
    }
    choices.push(choice);
  }
  return choices.length > 0 ? choices : refuse(context, forms);
});

const forms = 'must be unix:///path, tcp://host:port, ssh://user@host, the name of a Docker context, or none';

/** What to do about a path that was taken for several values. */
export const separatedPath = 'a socket with a comma or a space in its path is given by DOCKER_HOST or a Docker context';

function isSocket(part: string): boolean {
  return /^(?:[^=/]*=)?(?:unix|npipe):\/\//.test(part);
}

interface Refused {
  readonly rule: string;
  readonly meant: string | undefined;
}

function choiceOf(part: string): EngineChoice | Refused {
  const [, name, place = ''] = /^(?:([^=/]*)=)?(.*)$/s.exec(part) ?? [];
  if (name !== undefined && !engineName.test(name)) {
    const rule = 'must give names of 1-32 letters, digits or _ . - to engines, beginning with a letter or digit';
    return { rule, meant: undefined };
  }
  if (place === 'none') return { rule: 'must be engines, or none alone', meant: undefined };
  if (/^(?:unix|tcp|http|https|npipe|ssh):\/\/.+$/.test(place)) return { kind: 'url', name, url: place };
  // The docker command's rule for the names of contexts.
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/.test(place)) return { kind: 'context', name, context: place };
  const meant = meantUrl(place);
  return { rule: forms, meant: meant && `${name === undefined ? '' : `${name}=`}${meant}` };
}

function meantUrl(place: string): string | undefined {
  const path = /^(?:unix:\/?)?(\/[^/].*)$/.exec(place)?.[1];
  if (path !== undefined) return `unix://${path}`;
  if (/^[\w.-]+:\d+$/.test(place)) return `tcp://${place}`;
  return /^[\w.-]+@[\w.-]+$/.test(place) ? `ssh://${place}` : undefined;
}
