import { expect, test } from 'vitest';
import { chooseDriver, type DriverFacts } from '../../../../src/relay/driver/choose-driver.ts';

const able: DriverFacts = { platform: 'linux', arch: 'x64', libcMissing: undefined };

test.each([
  ['auto', able, { kind: 'chosen', driver: 'splice' }],
  ['splice', { ...able, arch: 'arm64' }, { kind: 'chosen', driver: 'splice' }],
  ['stream', able, { kind: 'chosen', driver: 'stream' }],
  ['auto', { ...able, platform: 'darwin' }, { kind: 'chosen', driver: 'stream' }],
  ['auto', { ...able, arch: 'riscv64' }, { kind: 'chosen', driver: 'stream' }],
  ['auto', { ...able, libcMissing: 'Node 24 runs without node:ffi' }, { kind: 'chosen', driver: 'stream' }],
  ['splice', { ...able, platform: 'win32' }, { kind: 'impossible', reason: 'it needs Linux, this is win32' }],
  ['splice', { ...able, libcMissing: 'no ffi' }, { kind: 'impossible', reason: 'no ffi' }],
] as const)('%s with %o gives %o', (wanted, facts, expected) => {
  expect(chooseDriver(wanted, () => facts)).toMatchObject(expected);
});

test('the choice of the slower driver has a reason', () => {
  expect(chooseDriver('auto', () => ({ ...able, platform: 'darwin' })).reason).toBe(
    'splice is not possible: it needs Linux, this is darwin',
  );
});
