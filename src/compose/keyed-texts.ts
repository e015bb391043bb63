import { ComposeError, type SourceLocation } from './location.ts';
import { asMapping } from './shape.ts';
import type { Tree } from './tree.ts';
import { quoted } from '../text/printable.ts';

/**
 * Reads labels and variables: a mapping, or a list of `KEY=VALUE`. Pure.
 */
/** A value of the compose file, with its location. */
export interface ComposeText {
  readonly text: string;
  /** Whether it is written without a value, and so takes the environment's. */
  readonly isNull: boolean;
  readonly unset: readonly string[];
  readonly keyLocation: SourceLocation;
  readonly valueLocation: SourceLocation;
}

/** `what`: the key that the values stand under. @throws ComposeError */
export function textsAt(tree: Tree | undefined, what: string): Map<string, ComposeText> {
  const mapping = tree && asMapping(tree);
  if (tree && !mapping) throw notKeyed(tree, what);
  return new Map(
    [...(mapping?.entries ?? [])].map(([key, { location, value }]) => {
      if (value.kind !== 'leaf') throw new ComposeError(value.location, `${quoted(key)} must be text`);
      return [
        key,
        {
          text: value.text,
          isNull: value.isNull,
          unset: value.unset,
          keyLocation: location,
          valueLocation: value.location,
        },
      ];
    }),
  );
}

/** A list may hold a mapping by a slip: `- KEY: VALUE` instead of `- KEY=VALUE`. */
function notKeyed(tree: Tree, what: string): ComposeError {
  const rule = `\`${what}\` must be a mapping, or a list of KEY=VALUE`;
  const item = (tree.kind === 'list' ? tree.items : []).find(({ kind }) => kind !== 'leaf');
  if (!item) return new ComposeError(tree.location, rule);
  const [[key, entry] = []] = item.kind === 'map' ? item.entries : [];
  const isSlip = key !== undefined && entry?.value.kind === 'leaf';
  return new ComposeError(item.location, isSlip ? `${rule}; write ${quoted(`${key}=${entry.value.text}`)}` : rule);
}
