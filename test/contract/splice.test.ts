import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { dispatcherRig, until } from '../support/sockets-rig.ts';
import { openFiles, spliceHere } from '../support/sockets-splice.ts';
import { describeChannel } from './channel.contract.ts';
import { describeDriver } from './driver.contract.ts';
import { describeLimit } from './limit.contract.ts';

describeDriver('splice driver', () => {
  const splice = spliceHere();
  return dispatcherRig(() => splice.driver, splice.stop);
});

describeChannel('splice driver', () => spliceHere());

describeLimit('splice driver', () => spliceHere({ maxChannels: 2 }));

test('splice: what it opened is closed again when it is disposed of', async () => {
  const before = openFiles();
  const splice = spliceHere();
  splice.stop();
  await until(() => openFiles() === before);
  expect(openFiles()).toBe(before);
});

test.each(['exit', 'throw'])('splice: a process that ends without closing its relay (%s) is not kept', async (how) => {
  const script = fileURLToPath(new URL('../support/sockets-exit.ts', import.meta.url));
  const child = spawn(process.execPath, [script, 'splice', how], { stdio: ['ignore', 'ignore', 'pipe'] });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const kill = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(kill);
  expect(code).toBe(how === 'exit' ? 7 : 1);
  expect(errors.join('')).not.toContain('ExperimentalWarning');
});
