import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { printable, quoted } from './printable.ts';

/**
 * Says why a schema refuses a text, and which text was probably meant. Labels, settings and the configuration file
 * answer with it. A schema says what was meant with `refuse`; for a word that is none of an enum's it is found here.
 */
export interface TextRefusal {
  /** What is expected, beginning with "must". */
  readonly rule: string;
  /** The text that was probably meant, safe to print and short. */
  readonly meant: string | undefined;
  /** What was probably meant for other options, by their names: a `listen` of `8080:3000` has a `port`, too. */
  readonly beside: Readonly<Record<string, string>>;
}

/** What was probably meant by a refused text. */
export type Meant = string | { readonly text: string; readonly beside: Readonly<Record<string, string>> };

/** Refuses a text within a transform: `return refuse(context, 'must be …', meant)`. */
export function refuse(context: z.RefinementCtx, rule: string, meant?: Meant): never {
  context.addIssue({ code: 'custom', message: rule, params: { meant } });
  return z.NEVER;
}

const meantSchema = z
  .union([
    z.string().transform((text) => ({ text, beside: {} })),
    z.object({ text: z.string(), beside: z.record(z.string(), z.string()) }),
  ])
  .optional();

export function refusalOf(error: z.ZodError, value: unknown): TextRefusal {
  const [issue] = error.issues;
  if (typeof value !== 'string') return { rule: 'must be a single value', meant: undefined, beside: {} };
  const rule = issue?.message ?? 'is malformed';
  if (issue?.code === 'invalid_value') {
    return { rule, meant: didYouMean(value.trim(), issue.values.map(String)), beside: {} };
  }
  const meant = issue?.code === 'custom' ? meantSchema.safeParse(issue.params?.['meant']).data : undefined;
  // What has to be cut or escaped can't be written as it is shown.
  const isPlain =
    meant !== undefined && [meant.text, ...Object.values<string>(meant.beside)].every((one) => printable(one) === one);
  return isPlain ? { rule, meant: meant.text, beside: meant.beside } : { rule, meant: undefined, beside: {} };
}

/** The text `must be …, not "x" (did you mean "y"?)`. */
export function describeRefusal(refusal: TextRefusal, value: unknown): string {
  return `${refusal.rule}, not ${shown(value)}${hintOf(refusal)}`;
}

/** The text ` (did you mean "x"?)`, or an empty text where nothing close was found. */
export function hintOf({ meant, beside }: TextRefusal): string {
  const also = Object.entries(beside).map(([option, text]) => `, and ${option} ${quoted(text)}`);
  return meant === undefined ? '' : ` (did you mean "${meant}"${also.join('')}?)`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  return Array.isArray(value) ? 'a list' : 'a mapping';
}

/** The refusal of a text by a schema, as one line. */
export function complaint(error: z.ZodError, value: unknown): string {
  return describeRefusal(refusalOf(error, value), value);
}
