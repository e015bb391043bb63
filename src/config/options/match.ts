import { trustedSchema } from '../../address/schemas.ts';
import { tlsModes } from '../../relay/boundary/table.ts';
import { hostNamesSchema, serverNamesSchema } from '../server-names.ts';
import { oneOf, positiveDuration } from './kinds.ts';
import type { OptionTable } from './option.ts';

/**
 * Options that say which clients of a listen address a route is for, and how they begin.
 */
export const matchOptions = {
  host: {
    schema: hostNamesSchema,
    value: 'names, `*.` wildcard, addresses',
    fallback: 'none: whatever no name matches',
    onMistake: 'refuse',
    description:
      'HTTP hosts that the route serves on its port, such as `api.localhost, *.shop.localhost, [::1]`. Routes with other names share the port.',
  },
  sni: {
    schema: serverNamesSchema,
    value: 'names, `*.` wildcard',
    fallback: 'none: whatever no name matches',
    onMistake: 'refuse',
    description: 'TLS server names that the route serves on its port; also for Postgres clients that ask for TLS.',
  },
  tls: {
    ...oneOf(tlsModes),
    field: 'tls',
    default: 'passthrough',
    onMistake: 'refuse',
    description:
      'Who ends TLS: the upstream, or Sealane with a certificate of its own (setting `certs`). Then `host` names are TLS server names, too.',
  },
  'accept-proxy': {
    schema: trustedSchema,
    value: '`true`, `false`, CIDRs',
    field: 'acceptProxy',
    default: [],
    fallback: '`false`',
    onMistake: 'refuse',
    description:
      'Clients send a PROXY protocol header (v1 or v2) first: all of them, or those from these addresses. All routes on one port must agree.',
  },
  'sniff-timeout': {
    ...positiveDuration,
    field: 'sniffTimeoutMs',
    fallback: '`1s`',
    onMistake: 'fallback',
    description:
      'On a port with names: how long a client may be silent until it is taken for one of a protocol in which the server speaks first. The longest of those who share the port holds.',
  },
} as const satisfies OptionTable;
