import { fallbackOf, type RouteOption } from '../../src/config/options/option.ts';
import { containerOptions } from '../../src/config/options/container.ts';
import { healthOptions } from '../../src/config/options/health.ts';
import { matchOptions } from '../../src/config/options/match.ts';
import { poolOptions } from '../../src/config/options/pool.ts';
import { sleepOptions } from '../../src/config/options/sleep.ts';
import { upstreamOptions } from '../../src/config/options/upstream.ts';
import { environmentName, settingDoc, settingNames } from '../../src/config/settings.ts';

/**
 * Renders a page for all labels and one for all settings, with a heading for each, so that each can be linked to and is
 * found by a search. `npm run docs` writes them; a test compares.
 */
export const referencePages = {
  'docs/reference/labels.md': renderLabels,
  'docs/reference/settings.md': renderSettings,
} as const;

const labelGroups: readonly (readonly [title: string, options: Readonly<Record<string, RouteOption>>])[] = [
  ['The container', containerOptions],
  ['Which clients', matchOptions],
  ['The service', poolOptions],
  ['Each upstream', upstreamOptions],
  ['Health', healthOptions],
  ['Sleep', sleepOptions],
];

const mark = '<!-- Generated from the schemas in src/config by `npm run docs`. Do not edit. -->';

function renderLabels(): string {
  const groups = labelGroups.map(([title, options]) => {
    const entries = Object.entries(options).map(([name, option]) => labelEntry(name, option));
    return `## ${title}\n\n${entries.join('\n\n')}`;
  });
  return `# Labels

${mark}

Each label is \`sealane.<option>\`, or \`sealane.<route>.<option>\` where a container has several routes.
[Reference](../reference.md#labels) says how labels are read, and has all of them in one table.

${groups.join('\n\n')}
`;
}

function labelEntry(name: string, option: RouteOption): string {
  const mistake = option.onMistake === 'refuse' ? 'the route is not served' : 'the default is used';
  const facts = [
    ['value', option.value],
    ['default', fallbackOf(option)],
    ['when malformed or mistyped', mistake],
    ...(option.containerOnly ? [] : [['also for', '[static services](../reference.md#static-services)']]),
  ];
  return entry(`sealane.${name}`, option.description, facts);
}

function renderSettings(): string {
  const entries = settingNames.map((name) => {
    const { value, fallback, description } = settingDoc(name);
    const facts = [
      ['value', value],
      ['default', fallback],
      ['environment', `\`${environmentName(name)}\``],
      ['key of the file', `\`${name}\``],
    ];
    return entry(`--${name}`, description, facts);
  });
  return `# Settings

${mark}

Each setting is a flag of \`sealane run\`, an environment variable, and a key of the configuration file.
[Reference](../reference.md#settings) says which of them counts, and has all of them in one table.

${entries.join('\n\n').replaceAll(/^### /gm, '## ')}
`;
}

function entry(name: string, description: string, facts: readonly (readonly string[])[]): string {
  const lines = facts.map(([label = '', value = '']) => `- ${label}: ${value}`);
  return `### \`${name}\`\n\n${description}\n\n${lines.join('\n')}`;
}
