import { expect, it } from 'vitest';
import { listenerProblems } from '../../../../src/catalog/problems/listener-problems.ts';
import type { ListenerStatus } from '../../../../src/relay/boundary/report.ts';

const failed = (code: string): ListenerStatus => ({ kind: 'failed', code, message: `listen ${code}` });

it.each([
  ['127.0.0.1:80', 'EADDRINUSE', 'cannot listen: the port is in use by another process'],
  ['127.0.0.1:80', 'EACCES', 'cannot listen: permission denied'],
  ['127.0.0.1:80', 'EMFILE', 'cannot listen: listen EMFILE'],
  ['unix:/run/sealane/a', 'EADDRINUSE', 'cannot listen: another process listens there, or a file has that name'],
  ['unix:/run/sealane/a', 'EACCES', 'cannot listen: the user that Sealane runs as may not create files there'],
  ['unix:/run/sealane/a', 'ENOENT', 'cannot listen: its folder does not exist'],
])('%s that fails with %s is a problem that says why', (listen, code, message) => {
  expect(listenerProblems(new Map([[listen, failed(code)]]))).toMatchObject([
    { code: 'listen-failed', subject: listen, message },
  ]);
});

it('a listener that listens is not a problem', () => {
  const listening: ListenerStatus = { kind: 'listening', host: '127.0.0.1', port: 80 };
  expect(listenerProblems(new Map([['127.0.0.1:80', listening]]))).toEqual([]);
});

it.each(['EADDRINUSE', 'EACCES'])(
  'where names are served, the fix of %s names the setting that chooses the port',
  (code) => {
    const statuses = new Map([['0.0.0.0:80', failed(code)]]);
    expect(listenerProblems(statuses, new Set(['0.0.0.0:80']))[0]?.fix).toContain('set names-listen to');
  },
);
