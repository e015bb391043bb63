import { z } from 'zod';
import { lastPort } from '../../address/port.ts';
import { listenSchema } from '../../address/schemas.ts';
import { refuse, type Meant } from '../../text/refusal.ts';
import { flag, serviceName } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * The options that define the routes of a container and the address of its process. Discovery reads them one by one.
 */
const portRule = 'must be a port, 1-65535';

const portNumber = z.coerce.number().int().min(1).max(lastPort);

const portSchema = z.string().transform((text, context) => {
  const port = portNumber.safeParse(text);
  return port.success ? port.data : refuse(context, portRule, meantPort(text));
});

/** The port that was meant by a port mapping of compose. The first port of a mapping is where clients connect. */
function meantPort(text: string): Meant | undefined {
  const [, listen, port = ''] = /^(?:(.*):)?(\d{1,5})(?:\/tcp)?$/i.exec(text) ?? [];
  if (!portNumber.safeParse(port).success) return undefined;
  return listenSchema.safeParse(listen).success ? { text: port, beside: { listen: listen ?? '' } } : port;
}

export const containerOptions = {
  enable: {
    ...flag,
    containerOnly: true,
    fallback: '`true` when any other label is present',
    onMistake: 'refuse',
    description: 'Whether the container (or the named route) is served.',
  },
  listen: {
    schema: listenSchema,
    list: true,
    declaresRoute: true,
    value: '`5432`, `127.0.0.1:5432`, `[::1]:5432`, `7000-7010`, `unix:/path`',
    makesRoute: true,
    ownRouteOnly: true,
    fallback: 'the value of `port`',
    onMistake: 'refuse',
    description:
      'The addresses that clients connect to, separated by commas. Without a host: 127.0.0.1 on a host or its network, 0.0.0.0 inside a container with a network of its own (setting `bind`). A range makes a service of each port, whose upstream port rises in step.',
  },
  port: {
    declaresRoute: true,
    schema: portSchema,
    value: '1-65535',
    containerOnly: true,
    makesRoute: true,
    ownRouteOnly: true,
    fallback: 'the only exposed port; for a range, the ports of `listen`',
    onMistake: 'refuse',
    description: "The container's port; for a range, its first port.",
  },
  pool: {
    ...serviceName,
    declaresRoute: true,
    containerOnly: true,
    ownRouteOnly: true,
    fallback:
      '`<project>/<service>` for compose, also for a stack, or the Swarm service’s name; else the container’s name',
    onMistake: 'refuse',
    description: 'The service whose pool the container joins. A named route adds `:<route>` to the default.',
  },
  network: {
    schema: z.string().min(1, 'must be the name of a Docker network'),
    value: 'a Docker network',
    containerOnly: true,
    fallback: 'all networks shared with Sealane',
    onMistake: 'refuse',
    description: 'The network on which Sealane connects to the container; compose’s short name works too.',
  },
} as const satisfies OptionTable;
