import { z } from 'zod';

/**
 * What Sealane may ask an engine to change: the words of the setting `engine-actions`.
 */
export const engineActions = ['start', 'stop', 'pause', 'connect'] as const;
export type EngineAction = (typeof engineActions)[number];

/** Nothing but the word itself allows an action: a list that can't be understood is refused as a whole. */
export const engineActionsSchema = z.string().transform((text, context): readonly EngineAction[] => {
  const words = text.split(',').map((word) => word.trim());
  if (words.length === 1 && words[0] === 'none') return [];
  const actions = words.flatMap((word) => engineActions.find((action) => action === word) ?? []);
  if (actions.length === words.length) return actions;
  context.addIssue({ code: 'custom', message: `must be none, or some of ${engineActions.join(', ')}` });
  return z.NEVER;
});
