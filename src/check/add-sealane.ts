import { isLabelled } from './is-labelled.ts';
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { isUnix } from '../address/address.ts';
import { lastOf } from '../address/listen.ts';
import type { ComposeProject } from '../compose/project.ts';
import type { ComposeService } from '../compose/service.ts';
import { ConfigError } from '../config/config-error.ts';
import { readLabels } from '../discovery/labels.ts';
import { printable } from '../text/printable.ts';

/**
 * Adds a service that runs Sealane to the text of a compose file, as its first service. Every other byte stays as it is:
 * the document's tree says only where the new lines go. Pure.
 */
export interface Addition {
  /** The whole new text. */
  readonly text: string;
  /** How many lines are before the new ones. */
  readonly at: number;
  /** The new lines, without line ends. */
  readonly lines: readonly string[];
  /** The first of the ports on which clients reach Sealane. */
  readonly port: string;
}

export interface AdditionOptions {
  readonly image: string;
  readonly scope: string;
  readonly labelPrefix: string;
}

const name = 'sealane';

/** @throws ConfigError when the file is in a form to which nothing can be added */
export function addSealane(text: string, project: ComposeProject, options: AdditionOptions): Addition {
  const { at, indent, lineEnd } = placeIn(text);
  if (project.services.some((service) => service.name === name))
    throw new ConfigError(`there is a service ${name} already, which does not run Sealane; rename it first`);
  const inner = `${indent}${indent}`;
  const labelled = project.services.filter((service) => isLabelled(service, options.labelPrefix));
  const listens = portsOf(labelled, options.labelPrefix);
  const ports = listens.length > 0 ? listens : [freePort(project)];
  const service = serviceLines(networksOf(labelled.length > 0 ? labelled : project.services), ports, options);
  const lines = [`${indent}${name}:`, ...service.map((line) => inner + line), ''];
  const before = text.split('\n').slice(0, at);
  const after = text.split('\n').slice(at);
  const added = [...before, ...lines.map((line) => line + (lineEnd === '\r\n' ? '\r' : '')), ...after].join('\n');
  if (!isPureAddition(text, added)) throw unsupported('its services can only be changed by hand');
  return { text: added, at, lines, port: ports[0] ?? '' };
}

function placeIn(text: string): { readonly at: number; readonly indent: string; readonly lineEnd: string } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const root = document.contents;
  const pair = isMap(root) ? root.items.find(({ key }) => isScalar(key) && key.value === 'services') : undefined;
  if (document.errors.some(({ code }) => code === 'MULTIPLE_DOCS'))
    throw unsupported('it has several documents (`---`); write the service into one of them by hand');
  if (document.errors.length > 0 || !pair || !isScalar(pair.key)) throw unsupported('it has no `services`');
  const { value } = pair;
  const first = isMap(value) && !value.flow ? value.items[0]?.key : undefined;
  if (!isScalar(first)) throw unsupported('write its `services` over several lines, without braces');
  const { line } = lines.linePos(pair.key.range?.[0] ?? 0);
  const { line: firstLine, col } = lines.linePos(first.range?.[0] ?? 0);
  if (firstLine === line || col < 2) throw unsupported('write its `services` over several lines');
  const ofServices = text.split('\n')[line - 1] ?? '';
  return { at: line, indent: ' '.repeat(col - 1), lineEnd: ofServices.endsWith('\r') ? '\r\n' : '\n' };
}

function unsupported(why: string): ConfigError {
  return new ConfigError(`can't add Sealane to the file: ${why}`);
}

/** Whether the new text has the new service, and otherwise means what the old one does. */
function isPureAddition(text: string, added: string): boolean {
  const document = parseDocument(added, { merge: true });
  if (document.errors.length > 0 || !document.hasIn(['services', name])) return false;
  document.deleteIn(['services', name]);
  return isSame(document.contents, parseDocument(text, { merge: true }).contents);
}

/** Compares trees of YAML, where an alias is no more than its name: what it stands for may be huge when expanded. */
function isSame(a: unknown, b: unknown): boolean {
  const areSame = (these: readonly unknown[], those: readonly unknown[]): boolean =>
    these.length === those.length && these.every((one, index) => isSame(one, those[index]));
  if (isPair(a)) return isPair(b) && isSame(a.key, b.key) && isSame(a.value, b.value);
  if (isAlias(a)) return isAlias(b) && a.source === b.source;
  if (isScalar(a)) return isScalar(b) && a.source === b.source && a.tag === b.tag && a.anchor === b.anchor;
  if (isMap(a)) return isMap(b) && a.anchor === b.anchor && areSame(a.items, b.items);
  if (isSeq(a)) return isSeq(b) && a.anchor === b.anchor && areSame(a.items, b.items);
  return a === b;
}

function serviceLines(
  networks: readonly string[],
  ports: readonly string[],
  { image, scope, labelPrefix }: AdditionOptions,
): string[] {
  const flags = labelPrefix === 'sealane' ? '' : `, '--label-prefix', ${quote(labelPrefix)}`;
  return [
    `image: ${quote(image)}`,
    `command: ['run', '--scope', ${quote(scope)}${flags}]`,
    '# Clients connect to these ports. A route that listens on another port needs that port here, too.',
    `ports: [${ports.map((port) => quote(`127.0.0.1:${port}:${port}`)).join(', ')}]`,
    "volumes: ['${DOCKER_SOCKET:-/var/run/docker.sock}:/var/run/docker.sock:ro']",
    '# Root without capabilities can open the socket on every machine, and do little else.',
    "user: '0:0'",
    'cap_drop: [ALL]',
    'read_only: true',
    "security_opt: ['no-new-privileges:true', 'label=disable']",
    'restart: unless-stopped',
    ...(networks.length > 0 ? [`networks: [${networks.map(quote).join(', ')}]`] : []),
  ];
}

/** The port that is published where no label names one: 8080, or the next that no service publishes. */
function freePort({ services }: ComposeProject): string {
  const taken = new Set(services.flatMap(({ ports }) => ports.map(({ host }) => host)));
  let port = 8080;
  while (taken.has(port)) port += 1;
  return String(port);
}

/** The ports on which the labelled services are to be reached, each once, in their order. */
function portsOf(services: readonly ComposeService[], prefix: string): string[] {
  const ports = services.flatMap((service) => {
    const labels = Object.fromEntries([...service.labels].map(([key, { text }]) => [key, text]));
    return readLabels(labels, prefix, { id: service.name, name: service.name }).routes.flatMap(({ values }) => {
      const { listen, port } = values;
      if (!listen) return port === undefined ? [] : [String(port)];
      const reachable = listen.filter(({ host }) => host === undefined || !isUnix(host));
      return reachable.map((one) => (one.count === 1 ? String(one.port) : `${one.port}-${lastOf(one)}`));
    });
  });
  return [...new Set(ports)].toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

/** The networks of the services, where they are on others than the default one. */
function networksOf(services: readonly ComposeService[]): string[] {
  const keys = services.flatMap(({ networks, networkMode }) => {
    if (networkMode !== '') return [];
    return networks.size === 0 ? ['default'] : [...networks.keys()];
  });
  const all = [...new Set(keys)];
  return all.every((key) => key === 'default') ? [] : all;
}

/** A text in single quotes, as YAML reads it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The addition as a unified diff, safe to print. `file`: the file's name for people. */
export function diffOf(text: string, { at, lines }: Addition, file: string): string[] {
  const old = text.replace(/\n$/, '').split(/\r?\n/);
  const start = Math.max(0, at - contextLines);
  const shown = (line: string): string => printable(line, longestLine);
  const before = old.slice(start, at).map((line) => ` ${shown(line)}`);
  const after = old.slice(at, at + contextLines).map((line) => ` ${shown(line)}`);
  const count = before.length + after.length;
  return [
    `--- ${printable(file, longestLine)}`,
    `+++ ${printable(file, longestLine)}`,
    `@@ -${start + 1},${count} +${start + 1},${count + lines.length} @@`,
    ...before,
    ...lines.map((line) => `+${shown(line)}`),
    ...after,
    ...(at + after.length === old.length && !text.endsWith('\n') ? ['\\ No newline at end of file'] : []),
  ];
}

const contextLines = 3;
const longestLine = 400;
