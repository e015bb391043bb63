import { trustedSchema } from '../../address/schemas.ts';
import { routeProtocols, tlsModes } from '../../relay/boundary/table.ts';
import { hostNamesSchema, serverNamesSchema } from '../server-names.ts';
import { oneOf, positiveDuration } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * The options that select the clients of a route on its listen address, and that define how their connections begin.
 */
export const matchOptions = {
  host: {
    declaresRoute: true,
    schema: hostNamesSchema,
    list: true,
    value: 'names, `*.` wildcard, addresses',
    fallback: 'none: clients that no name matches',
    onMistake: 'refuse',
    description:
      'HTTP hosts that the route serves on its port, such as `api.localhost, *.shop.localhost, [::1]`. Routes with other names share the port.',
  },
  sni: {
    declaresRoute: true,
    schema: serverNamesSchema,
    list: true,
    value: 'names, `*.` wildcard',
    fallback: 'none: clients that no name matches',
    onMistake: 'refuse',
    description: 'TLS server names that the route serves on its port; also for Postgres clients that ask for TLS.',
  },
  tls: {
    ...oneOf(tlsModes),
    field: 'tls',
    default: 'passthrough',
    onMistake: 'refuse',
    description:
      'Where TLS is terminated: `passthrough` leaves it to the upstream, `terminate` makes Sealane do it with its own certificate (setting `certs`). With `terminate`, `host` names are TLS server names, too.',
  },
  protocol: {
    ...oneOf(routeProtocols),
    field: 'protocol',
    default: 'auto',
    fallback: '`auto`: `postgres` where the upstream’s port is 5432',
    onMistake: 'fallback',
    description:
      'What clients speak. With `postgres`, a client’s request to cancel a query (Ctrl-C in psql) goes to all upstreams, since it comes on a connection of its own; clients that say nothing wait for `sniff-timeout`. Not needed where clients reach the service by `sni`.',
  },
  'accept-proxy': {
    schema: trustedSchema,
    list: true,
    value: '`true`, `false`, CIDRs',
    field: 'acceptProxy',
    default: [],
    fallback: '`false`',
    onMistake: 'refuse',
    description:
      'Which clients send a PROXY protocol header (v1 or v2) first: all of them, or those from these addresses. All routes on one port must agree.',
  },
  'sniff-timeout': {
    ...positiveDuration,
    field: 'sniffTimeoutMs',
    fallback: '`1s`',
    onMistake: 'fallback',
    description:
      'On a port with names: how long a client may be silent until its protocol counts as one in which the server speaks first. The longest timeout of the routes that share the port applies.',
  },
} as const satisfies OptionTable;
