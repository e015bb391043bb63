import { existsSync, statSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAdminApp } from '../../../src/admin/app.ts';
import { serveAdminSocket } from '../../../src/admin/server.ts';
import { adminSource } from '../../support/sealane/admin-source.ts';
import { tempFolder } from '../../support/temp-folder.ts';

it('a unix socket is its owner’s alone from the moment it is there', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'admin.sock');
  const umask = process.umask(0);
  try {
    const serving = serveAdminSocket(
      async () => createAdminApp(adminSource(), { token: undefined, names: [] }),
      path,
      16,
    );
    while (!existsSync(path)) await turn();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await (await serving).close();
    expect(process.umask()).toBe(0);
  } finally {
    process.umask(umask);
  }
});
