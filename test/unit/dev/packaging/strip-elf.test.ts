import { execFileSync } from 'node:child_process';
import { readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stripElf } from '../../../../dev/packaging/binary/strip-elf.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

describe.runIf(process.platform === 'linux')('stripElf', () => {
  it('leaves a program that runs, without the list of its sections', async () => {
    await using folder = await tempFolder();
    const whole = await readFile(await realpath('/bin/sh'));
    const stripped = stripElf(whole);
    expect(stripped.length).toBeLessThan(whole.length);
    const program = join(folder.path, 'sh');
    await writeFile(program, stripped, { mode: 0o755 });
    expect(execFileSync(program, ['-c', 'echo still here'], { encoding: 'utf8' })).toBe('still here\n');
    expect(stripElf(stripped)).toEqual(stripped);
  });

  it('refuses what is no program', () => {
    expect(() => stripElf(Buffer.from('#!/bin/sh\n'.repeat(20)))).toThrow('not a little-endian 64-bit ELF program');
  });
});
