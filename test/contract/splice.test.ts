import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { dispatcherRig, publishAndBind, roomFor, until } from '../support/sockets/rig.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { openFiles, spliceHere } from '../support/sockets/splice.ts';
import { dial } from '../support/sockets/sockets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describeChannel } from './channel.contract.ts';
import { describeDriver } from './driver.contract.ts';
import { describeLimit } from './limit.contract.ts';
import { describeTls } from './tls.contract.ts';

describeDriver('splice driver', () => {
  const splice = spliceHere();
  return dispatcherRig(() => splice.driver, splice.stop);
});

describeChannel('splice driver', () => spliceHere());

describeLimit('splice driver', 'wait', () => spliceHere({ sockets: roomFor(5) }));

test('splice: a driver that is disposed closes all its descriptors', async () => {
  const before = openFiles();
  const splice = spliceHere();
  splice.stop();
  await until(() => openFiles() === before);
  expect(openFiles()).toBe(before);
});

test('splice: an answer arrives although its sender hung up before its Unix socket was read', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'app');
  const script = `require('node:net').createServer((s) => s.end('hello', () => s.destroy())).listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const app = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(app.stdout, 'data');
  // By then the other process has accepted, answered and closed.
  const splice = spliceHere({}, 30);
  const rig = dispatcherRig(() => splice.driver, splice.stop);
  const spec = upstream('app', { endpoints: [{ host: `unix:${path}`, port: 0 }] });
  const port = await publishAndBind(rig, table([pool([spec])]));
  await using client = await dial(port);
  expect(await client.readToEnd()).toBe('hello');
  expect(rig.suspects.all).toEqual([]);
  await rig.close();
  app.kill();
  await once(app, 'exit');
});

test.each(['exit', 'throw'])('splice: a process that ends without closing its relay (%s) is not kept', async (how) => {
  const script = fileURLToPath(new URL('../support/sockets/exit.ts', import.meta.url));
  const child = spawn(process.execPath, [script, 'splice', how], { stdio: ['ignore', 'ignore', 'pipe'] });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const kill = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(kill);
  expect(code).toBe(how === 'exit' ? 7 : 1);
  expect(errors.join('')).not.toContain('ExperimentalWarning');
});

describeTls('splice driver', () => {
  const splice = spliceHere();
  return dispatcherRig(() => splice.driver, splice.stop);
});
