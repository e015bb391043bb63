import { z } from 'zod';
import { listenSchema } from '../../address/schemas.ts';
import { flag, serviceName } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * Options that say which routes a container has, and where its processes are reached. Discovery reads them one by one.
 */
const portRule = 'must be a port, 1-65535';

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
    value: '`5432`, `127.0.0.1:5432`, `[::1]:5432`, `7000-7010`, `unix:/path`',
    makesRoute: true,
    ownRouteOnly: true,
    fallback: 'the value of `port`',
    onMistake: 'refuse',
    description:
      'Where clients connect; several with commas. Without an address: 127.0.0.1 on a host, 0.0.0.0 inside a container (setting `bind`). A range makes a service for each port, leading to the container’s ports in step.',
  },
  port: {
    schema: z.coerce.number(portRule).int(portRule).min(1, portRule).max(65_535, portRule),
    value: '1-65535',
    containerOnly: true,
    makesRoute: true,
    ownRouteOnly: true,
    fallback: 'the one exposed port; for a range, the ports listened on',
    onMistake: 'refuse',
    description: "The container's own port; for a range, the first of them.",
  },
  pool: {
    ...serviceName,
    containerOnly: true,
    ownRouteOnly: true,
    fallback: '`<project>/<service>` for compose, else the container’s name',
    onMistake: 'refuse',
    description: 'The service whose pool the container joins. A named route adds `:<route>` to the default.',
  },
  network: {
    schema: z.string().min(1, 'must be the name of a Docker network'),
    value: 'a Docker network',
    containerOnly: true,
    fallback: 'a network shared with Sealane',
    onMistake: 'refuse',
    description: 'The network to reach the container on; compose’s short name works too.',
  },
} as const satisfies OptionTable;
