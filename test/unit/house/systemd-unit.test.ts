import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../../dev/images/sealane-image.ts';
import { environmentName, settingNames } from '../../../src/config/settings.ts';

const unit = await readFile(join(projectRoot, 'docs/sealane.service'), 'utf8');

function valuesOf(key: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

it('the unit of systemd sets only variables that Sealane has, to paths in folders that systemd makes', () => {
  const variables = valuesOf('Environment').map((line) => line.split('=') as [name: string, value: string]);
  const known = new Set(['HOME', ...settingNames.map(environmentName)]);
  expect(variables.filter(([name]) => !known.has(name))).toEqual([]);
  expect(variables.filter(([, value]) => !/^\/(?:run|var\/lib)\/sealane(?:\/|$)/.test(value))).toEqual([]);
  expect([...valuesOf('RuntimeDirectory'), ...valuesOf('StateDirectory')]).toEqual(['sealane', 'sealane']);
});

it('the unit waits for the file that Sealane writes, longer for the end than sessions may run on, and not for a wrong file', () => {
  expect(valuesOf('ExecStartPost')).toEqual([expect.stringContaining('$$SEALANE_READY_FILE')]);
  expect(Number(valuesOf('TimeoutStopSec'))).toBeGreaterThan(8);
  expect(valuesOf('RestartPreventExitStatus')).toEqual(['2']);
});
