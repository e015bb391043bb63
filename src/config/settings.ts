import { z } from 'zod';
import { isUnix, unixPath } from '../address/address.ts';
import { parseListen } from '../address/listen.ts';
import { ipSchema } from '../address/schemas.ts';
import { durationSchema } from '../text/duration.ts';
import { engineActions, engineActionsSchema } from './engine-actions.ts';
import { enginesSchema } from './engine-choice.ts';
import { namesSettings } from './names/settings.ts';
import { flag, oneOf, wholeNumber } from './options/kinds.ts';

/**
 * Declares every setting of `sealane run`. Each is a flag (`--log-level`), an environment variable
 * (`SEALANE_LOG_LEVEL`) and a key of the file (`log-level`); the reference in the docs is generated from the
 * declarations.
 */
const pathsSchema = z.string().transform((text) =>
  text
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== ''),
);

const adminSchema = z.string().transform((text, context) => {
  if (text === 'off') return text;
  const listen = parseListen(text);
  const rule = 'must be IP:port or off';
  const { host = '127.0.0.1', port = 0 } = listen ?? {};
  if (listen && !isUnix(host)) return { host, port };
  const hint = isUnix(host) ? `; for a Unix socket there is --admin-socket ${unixPath(host)}` : '';
  context.addIssue({ code: 'custom', message: rule + hint });
  return z.NEVER;
});

export const defaultSocketFolder = '/run/sealane';

const workers = wholeNumber(1, 64);
const maxSessions = wholeNumber(1, 10_000_000);
const maxHeld = wholeNumber(0, 65_536);
const lines = wholeNumber(0, 1_000_000);
const scope = oneOf(['all', 'project']);
const swarm = oneOf(['auto', 'off']);
const swaps = oneOf(['on', 'off']);
const driver = oneOf(['auto', 'stream', 'splice']);
const logLevel = oneOf(['debug', 'info', 'warn', 'error', 'silent']);
const logFormat = oneOf(['json', 'pretty']);
const accessLog = oneOf(['all', 'failed', 'off']);
const tlsVersion = oneOf(['1.2', '1.3']);

const schema = z.object({
  docker: enginesSchema
    .optional()
    .meta({
      value: 'each `[name=]url` or `[name=]context`, comma-separated; or `none`',
      fallback: '`DOCKER_HOST`, else the current Docker context, else the first of the usual sockets that answers',
      list: true,
    })
    .describe(
      'The container engines to watch, by their addresses or by the names of Docker contexts; `none` for static services only.',
    ),
  admin: adminSchema
    .default({ host: '127.0.0.1', port: 8470 })
    .meta({ value: '`IP:port` or `off`', fallback: '`127.0.0.1:8470`' })
    .describe(
      'The address of the dashboard, the admin API, `/metrics`, `/healthz` and `/readyz`. Addresses other than 127.0.0.1 and ::1 need a token.',
    ),
  'admin-token': z
    .string()
    .regex(/^[!-~]{16,}$/, 'must be at least 16 printable characters without spaces')
    .optional()
    .meta({
      value: '16 characters or more',
      fallback: 'none on 127.0.0.1 and ::1, else generated and logged as a link',
    })
    .describe('The token that the admin API requires. Set it in the environment or the file rather than as a flag.'),
  'admin-names': z
    .string()
    .transform((text, context) => {
      const names = text.split(',').map((name) => name.trim());
      if (names.every((name) => /^[a-z0-9_](?:[a-z0-9_.-]{0,252})$/i.test(name))) return names;
      context.addIssue({ code: 'custom', message: 'must be host names, comma-separated' });
      return z.NEVER;
    })
    .default([])
    .meta({ value: 'names, comma-separated', fallback: 'none', list: true })
    .describe('The host names under which browsers may open the admin address, besides localhost and IP addresses.'),
  'admin-socket': z
    .string()
    .min(1, 'must be a path')
    .transform((text) => (text === 'off' ? undefined : text))
    .optional()
    .meta({ value: 'path or `off`', fallback: '`off`; in the image `/dev/shm/sealane.sock`' })
    .describe('A Unix socket that serves the admin API, too. Only its owner may connect; no token is required.'),
  swaps: swaps.schema
    .default('on')
    .meta({ value: swaps.value, fallback: '`on`' })
    .describe(
      'Whether a client of the admin API may send the clients of a service to another process (`sealane swap`): `on`, or `off`.',
    ),
  'ready-file': z
    .string()
    .min(1, 'must be a path')
    .transform((text) => (text === 'off' ? undefined : text))
    .optional()
    .meta({ value: 'path or `off`', fallback: '`off`; in the image `/dev/shm/sealane.ready`' })
    .describe(
      "A file that says whether Sealane is ready, renewed every 10 seconds. The image's HEALTHCHECK reads it, which costs less than `sealane health`. Of another path in the image, only the variable `SEALANE_READY_FILE` tells the HEALTHCHECK.",
    ),
  scope: scope.schema
    .default('all')
    .meta({ value: scope.value, fallback: '`all`' })
    .describe("Which labelled containers are served: all, or those of Sealane's own compose project or stack."),
  ...namesSettings,
  'engine-actions': engineActionsSchema
    .default([])
    .meta({
      value: `\`none\`, or some of ${engineActions.map((action) => `\`${action}\``).join(', ')}, comma-separated`,
      fallback: '`none`',
      list: true,
    })
    .describe(
      'What Sealane may ask the engines to change. With `none`, not one changing call reaches an engine, whatever labels say.',
    ),
  'join-internal': flag.schema
    .default(false)
    .meta({ value: flag.value, fallback: '`false`' })
    .describe(
      'Whether Sealane joins internal networks, too, where `engine-actions` lets it `connect` its container to those of labelled containers.',
    ),
  swarm: swarm.schema
    .default('auto')
    .meta({ value: swarm.value, fallback: '`auto`' })
    .describe(
      'Whether a watched engine that is a manager of a Swarm is asked for the services, tasks and nodes of that Swarm: `auto`, or `off`.',
    ),
  bind: ipSchema
    .optional()
    .meta({
      value: 'IP address',
      fallback: '`127.0.0.1` on a host or its network, `0.0.0.0` in a container with its own',
    })
    .describe('The address of listeners that have only a port.'),
  workers: workers.schema
    .default(1)
    .meta({ value: workers.value, fallback: '1' })
    .describe('The number of relay threads.'),
  driver: driver.schema
    .default('auto')
    .meta({ value: driver.value, fallback: '`auto`' })
    .describe(
      'How bytes are moved: `splice` in the kernel (Linux, Node 26), `stream` anywhere; `auto` uses `splice` where it can.',
    ),
  'log-level': logLevel.schema
    .default('info')
    .meta({ value: logLevel.value, fallback: '`info`' })
    .describe('The lowest level of log lines that are shown.'),
  'log-format': logFormat.schema
    .default('pretty')
    .meta({ value: logFormat.value, fallback: '`pretty`' })
    .describe(
      'The format of log lines, which go to standard error: `pretty` is text for people, `json` is for programs.',
    ),
  'access-log': accessLog.schema
    .default('all')
    .meta({ value: accessLog.value, fallback: '`all`' })
    .describe('Which sessions get a log line.'),
  'access-log-rate': lines.schema
    .default(0)
    .meta({ value: lines.value, fallback: '`0`: no limit' })
    .describe('The most access log lines per second for each service; one more line has the number of the others.'),
  'label-prefix': z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, . _ or -')
    .default('sealane')
    .meta({ value: 'text', fallback: '`sealane`' })
    .describe('The prefix of the labels that Sealane reads.'),
  'max-held': maxHeld.schema
    .default(1024)
    .meta({ value: maxHeld.value, fallback: '1024' })
    .describe('How many clients of one service may wait for an upstream; one more is closed at once.'),
  certs: pathsSchema
    .default([])
    .meta({ value: 'paths, comma-separated', fallback: 'none', list: true })
    .describe(
      'The certificates for routes whose TLS Sealane terminates: PEM files, or folders of them. They are read again when they change. The first, or the one named `default`, is for clients whose name no other certificate covers.',
    ),
  'tls-min-version': tlsVersion.schema
    .transform((text) => (text === '1.2' ? 'TLSv1.2' : 'TLSv1.3'))
    .default('TLSv1.2')
    .meta({ value: tlsVersion.value, fallback: '`1.2`' })
    .describe('The oldest TLS version that clients may use where Sealane terminates TLS.'),
  'max-sessions': maxSessions.schema
    .optional()
    .meta({ value: maxSessions.value, fallback: 'as many as open files allow, two for each' })
    .describe(
      'The most sessions of all services together; one more client is closed at once. Where the limit of open files (`ulimit -n`) is reached first, clients wait until others leave (splice driver), or are reset (stream driver).',
    ),
  'explain-names': flag.schema
    .default(true)
    .meta({ value: flag.value, fallback: '`true`' })
    .describe('Whether the page for an HTTP client that asks for an unknown name lists the known names.'),
  'socket-folder': z
    .string()
    .regex(/^\/[!-+\--~]*$/, 'must be an absolute path')
    .default(defaultSocketFolder)
    .meta({ value: 'path', fallback: `\`${defaultSocketFolder}\`` })
    .describe('The only folder in which labels may open Unix sockets (`listen=unix:…`).'),
  'upstream-ca': pathsSchema
    .default([])
    .meta({ value: 'paths, comma-separated', fallback: 'the authorities that Node trusts', list: true })
    .describe(
      'The authorities that may sign the certificates of upstreams that use TLS (`tls.upstream`): PEM files, or folders of them.',
    ),
  'upstream-cert': pathsSchema
    .default([])
    .meta({ value: 'paths, comma-separated', fallback: 'none', list: true })
    .describe(
      'The certificate that Sealane shows to upstreams that ask for a client certificate: a PEM file, with the key in it or beside it.',
    ),
  'shutdown-timeout': durationSchema
    // `docker stop` kills after 10 s; the two seconds less leave time to log the sessions that were closed.
    .default(8_000)
    .meta({ value: 'duration', fallback: '`8s`' })
    .describe('How long sessions may continue after Sealane was told to stop.'),
  'reuse-port': flag.schema
    .default(false)
    .meta({ value: flag.value, fallback: '`false`' })
    .describe(
      'Shares ports with another Sealane that has this setting, too (SO_REUSEPORT), for a handoff from one to the next.',
    ),
  'resync-interval': durationSchema
    .default(300_000)
    .meta({ value: 'duration', fallback: '`5m`' })
    .describe('How often the whole list of containers is read again, in case an event was lost.'),
  self: z
    .string()
    .min(1, 'must be a container id or name')
    .optional()
    .meta({ value: 'container id or name', fallback: 'detected' })
    .describe('The container that Sealane runs in; with several engines, on the first of them or as `name@engine`.'),
});

export const settingsSchemas = schema.shape;
export type Settings = z.output<typeof schema>;
export type SettingName = keyof Settings;
export const settingNames = Object.keys(settingsSchemas) as SettingName[];

interface SettingDoc {
  readonly value: string;
  readonly fallback: string;
  readonly description: string;
  /** The value is a list: several texts stand for one with commas between them. */
  readonly list: boolean;
}

const docSchema = z.object({
  value: z.string(),
  fallback: z.string(),
  description: z.string(),
  list: z.boolean().default(false),
});

export function settingDoc(name: SettingName): SettingDoc {
  return docSchema.parse(settingsSchemas[name].meta());
}

/** The words that the setting accepts; undefined for a setting with another kind of value. */
export function settingChoices(name: SettingName): readonly string[] | undefined {
  return wordsOf(settingsSchemas[name]);
}

/** The words that a schema accepts; undefined for a schema of another kind. */
export function wordsOf(kind: unknown): readonly string[] | undefined {
  if (kind instanceof z.ZodEnum) return kind.options.map(String);
  if (kind instanceof z.ZodDefault || kind instanceof z.ZodOptional) return wordsOf(kind.unwrap());
  return kind instanceof z.ZodPipe ? (wordsOf(kind.in) ?? wordsOf(kind.out)) : undefined;
}

export function environmentName(name: SettingName): string {
  return `SEALANE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The variable in which an image gives another default: the weakest layer. */
export function defaultVariable(name: SettingName): string {
  return environmentName(name).replace('SEALANE_', 'SEALANE_DEFAULT_');
}

/** Merges layers of validated values, the strongest first, and adds the defaults. */
export function mergeSettings(layers: readonly Partial<Settings>[]): Settings {
  const merged: Record<string, unknown> = {};
  for (const layer of layers.toReversed()) Object.assign(merged, layer);
  for (const name of settingNames) {
    if (merged[name] === undefined) merged[name] = settingsSchemas[name].parse(undefined);
  }
  return merged as Settings;
}
