import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { isHostPattern } from '../../address/host-name.ts';
import { didYouMean } from '../../text/did-you-mean.ts';
import { quoted } from '../../text/printable.ts';
import { refuse } from '../../text/refusal.ts';

/**
 * Parses the template of the names that services get without a label: `{service}.{project}.localhost`. Pure.
 */
const placeholders = ['service', 'project', 'container', 'engine'] as const;
export type Placeholder = (typeof placeholders)[number];

export interface NamesTemplate {
  /** As it was written, in lower case. */
  readonly text: string;
  /** The labels of the name, from left to right, each with its parts. */
  readonly labels: readonly TemplateLabel[];
}

type TemplateLabel = readonly TemplatePart[];
type TemplatePart = { readonly text: string } | { readonly placeholder: Placeholder };

export const defaultTemplate = '{service}.{project}.localhost';

/** Eight labels of up to 20 characters and these fit into a name of 253 (RFC 1035 §2.3.4). */
const mostVariableLabels = 8;
const mostLiteralCharacters = 80;

export const templateSchema = z.string().transform((written, context): NamesTemplate => {
  const text = written.trim().toLowerCase().replace(/\.$/, '');
  if (/^[a-z]+:\/\/|[/\s]|:\d*$/.test(text))
    return refuse(context, 'must be a name without http://, a port or a path', plainName(text));
  const unknown = [...text.matchAll(/\{([^{}]*)\}/g)].find(([, name = '']) => !isPlaceholder(name));
  if (unknown) {
    const [placeholder, name = ''] = unknown;
    const meant = didYouMean(name, placeholders);
    const rule = `must have no placeholders other than {service}, {project}, {container} and {engine}`;
    return refuse(context, rule, meant && text.replaceAll(placeholder, `{${meant}}`));
  }
  if (!/\{(?:service|container)\}/.test(text))
    return refuse(context, `must have {service} or {container} in it, such as ${defaultTemplate}`);
  const labels = text.split('.').map(parseLabel);
  if (labels.at(-1)?.some((part) => 'placeholder' in part))
    return refuse(context, 'must end in a domain without a placeholder, such as .localhost', `${text}.localhost`);
  const variable = labels.filter((label) => label.some((part) => 'placeholder' in part));
  const literal = text.replaceAll(/\{[^{}]*\}/g, '');
  if (variable.length > mostVariableLabels || literal.length > mostLiteralCharacters) {
    const rule = `must have at most ${mostVariableLabels} labels with placeholders, and ${mostLiteralCharacters} characters beside them`;
    return refuse(context, rule);
  }
  // With a letter for each placeholder it is a name like those that it makes.
  const example = text.replaceAll(/\{[^{}]*\}/g, 'x');
  const ascii = /[^!-~]/.test(example) ? domainToASCII(example) : example;
  if (!isHostPattern(ascii) || /[*_]/.test(ascii) || /(?:^|\.)\d+$/.test(ascii)) {
    const wrong = /[^a-z\d.{}-]/.exec(text)?.[0];
    const why = wrong === undefined ? '' : `, without ${quoted(wrong)}`;
    return refuse(context, `must be a DNS name with placeholders, such as ${defaultTemplate}${why}`);
  }
  return { text, labels };
});

function isPlaceholder(text: string): text is Placeholder {
  return placeholders.some((one) => one === text);
}

function parseLabel(text: string): TemplateLabel {
  return text
    .split(/(\{[^{}]*\})/)
    .filter((part) => part !== '')
    .map((part) => {
      const name = part.slice(1, -1);
      if (part.startsWith('{') && isPlaceholder(name)) return { placeholder: name };
      return { text: /[^!-~]/.test(part) ? domainToASCII(part) : part };
    });
}

function plainName(text: string): string | undefined {
  const plain = text
    .replace(/^[a-z]+:\/\//, '')
    .replace(/(?::\d*)?(?:\/.*)?$/, '')
    .replaceAll(/\s/g, '');
  return plain === '' ? undefined : plain;
}
