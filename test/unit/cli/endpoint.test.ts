import { expect, it } from 'vitest';
import { readEndpoint } from '../../../src/cli/client/endpoint.ts';
import { tempFolder } from '../../support/temp-folder.ts';

it('the socket that the image has by default is asked whatever the admin address is, if there is one', async () => {
  await using folder = await tempFolder();
  const there = await folder.write('sealane.sock', '');
  const absent = `${folder.path}/absent.sock`;
  const to = async (socket: string, environment: NodeJS.ProcessEnv, flags = {}): Promise<unknown> =>
    (await readEndpoint(flags, { SEALANE_DEFAULT_ADMIN_SOCKET: socket, ...environment })).to;
  const elsewhere = { SEALANE_ADMIN: '10.0.0.1:8470' };
  expect(await to(there, elsewhere)).toEqual({ socketPath: there });
  expect(await to(there, { SEALANE_ADMIN: 'off' })).toEqual({ socketPath: there });
  expect(await to(there, {}, { admin: '10.0.0.1:8470' })).toEqual({ host: '10.0.0.1', port: 8470 });
  // A container that was started to ask another Sealane serves no socket itself.
  expect(await to(absent, elsewhere)).toEqual({ host: '10.0.0.1', port: 8470 });
  expect(await to(absent, { SEALANE_ADMIN: 'off' })).toEqual({ socketPath: absent });
});
