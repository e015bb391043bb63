import { describe, expect, it } from 'vitest';
import { readPort } from '../../../src/compose/port.ts';
import { parseTrees } from '../../../src/compose/tree.ts';

function ports(yaml: string) {
  const [tree] = parseTrees(yaml, 'x', () => undefined);
  return tree && readPort(tree)?.map(({ location: _place, ...port }) => port);
}

const tcp = { hostIp: '', protocol: 'tcp', isHostMode: false };

describe('ports of a compose file', () => {
  it.each([
    ['80', [{ ...tcp, container: 80, host: undefined }]],
    ['"8080:80"', [{ ...tcp, container: 80, host: 8080 }]],
    ['"127.0.0.1:8080:80"', [{ ...tcp, container: 80, host: 8080, hostIp: '127.0.0.1' }]],
    ['"127.0.0.1::80"', [{ ...tcp, container: 80, host: undefined, hostIp: '127.0.0.1' }]],
    ['"[::1]:8080:80"', [{ ...tcp, container: 80, host: 8080, hostIp: '::1' }]],
    ['"53:53/udp"', [{ ...tcp, container: 53, host: 53, protocol: 'udp' }]],
    [
      '"8000-8001:80-81"',
      [
        { ...tcp, container: 80, host: 8000 },
        { ...tcp, container: 81, host: 8001 },
      ],
    ],
    ['"8000-8009:80"', [{ ...tcp, container: 80, host: undefined }]],
    [
      '{ target: 80, published: "8080", host_ip: 127.0.0.1 }',
      [{ ...tcp, container: 80, host: 8080, hostIp: '127.0.0.1' }],
    ],
    ['{ target: 80, mode: host }', [{ ...tcp, container: 80, host: undefined, isHostMode: true }]],
    ['{ target: 80, published: 8080, mode: ingress }', [{ ...tcp, container: 80, host: 8080 }]],
  ])('%s', (yaml, expected) => {
    expect(ports(yaml)).toEqual(expected);
  });

  it.each(['"8080:"', '"x:80"', '80800', '"90-80"', '{ published: 80 }', '[80]', '"0-65535"'])(
    '%s is no port mapping',
    (yaml) => {
      expect(ports(yaml)).toBeUndefined();
    },
  );
});
