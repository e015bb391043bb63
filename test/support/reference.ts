import { fallbackOf } from '../../src/config/options/option.ts';
import { routeOptions } from '../../src/config/options/route-options.ts';
import { closeReasons } from '../../src/relay/boundary/report.ts';
import { environmentName, settingDoc, settingNames } from '../../src/config/settings.ts';

/**
 * Renders the reference of labels and settings from their schemas. `npm run docs` writes it; a test compares.
 */
export const referencePath = 'docs/reference.md';
export const fileSchemaPath = 'docs/sealane.schema.json';
export const labelsSchemaPath = 'docs/labels.schema.json';

export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

export function renderReference(): string {
  return `# Reference

<!-- Generated from the schemas in src/config by \`npm run docs\`. Do not edit. -->

All labels and settings in two tables. To link to one of them: [labels](reference/labels.md) and [settings](reference/settings.md) one by
one. Also generated: the [admin API](reference/api.md) and the [metrics](metrics.md).

## Labels

One route: \`sealane.<option>\`. Several routes of one container: \`sealane.<route>.<option>\`, where the route's name is any
\`[a-z0-9-]+\` that is not an option's name. Beside named routes, plain options other than \`listen\`, \`port\` and \`pool\` are
their defaults. An unknown or malformed label is reported with a suggestion, and never affects another container. The route
is not served if serving it without the option could expose it or send clients to the wrong place: that goes for a malformed value
and for a mistyped name. Labels of a route that has neither \`listen\`, \`port\`, \`pool\`, \`host\`, \`sni\` nor \`enable=true\`,
and whose name is close to that of another route of the container, count as mistyped labels of the other. The words for
\`true\` and \`false\` are \`yes\` and \`no\`, \`on\` and \`off\`, \`1\` and \`0\`, too, in any case.

Durations are written \`250ms\`, \`10s\`, \`15m\`, \`1h\`.

${table(
  ['option', 'value', 'default', 'what it does', 'when malformed or mistyped'],
  Object.entries(routeOptions).map(([name, option]) => [
    `\`${name}\``,
    option.value,
    fallbackOf(option),
    option.description,
    option.onMistake === 'refuse' ? 'route not served' : 'default used',
  ]),
)}

## Settings

Flags override environment variables, which override the file named by \`--config\` (or \`SEALANE_CONFIG\`), which overrides
the defaults. An image may have defaults of its own in variables such as \`SEALANE_DEFAULT_WORKERS\`.

${table(
  ['flag and file key', 'environment', 'value', 'default', 'what it does'],
  settingNames.map((name) => {
    const { value, fallback, description } = settingDoc(name);
    return [`\`--${name}\``, `\`${environmentName(name)}\``, value, fallback, description];
  }),
)}

## Static services

Under \`services\` in the file, each with \`listen\`, \`upstreams\` and any option above but \`enable\`, \`port\`, \`pool\`, \`network\` and
\`weight\`; several values may be a list. Upstreams may be Unix sockets (\`unix:/path\`). The file is read again when it changes,
and host names are looked up again every 10 s. The first line is for editors with the YAML language server, which then complete and
check the file: \`sealane schema > sealane.schema.json\` writes its schema.

\`\`\`yaml
# yaml-language-server: $schema=./sealane.schema.json
log-level: info
services:
  db:
    listen: 5432
    upstreams:
      - localhost:15432
      - { target: db.example:5432, weight: 3 }
    hold: 5s
\`\`\`

## How sessions end

The \`reason\` in a session's record and log line:

${table(
  ['reason', 'what happened'],
  Object.entries(closeReasons).map(([reason, sentence]) => [`\`${reason}\``, sentence]),
)}
`;
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
