import { expect, test } from 'vitest';
import { closeAll } from '../../../../src/daemon/process/closers.ts';

test('a part that can not be closed hides no other error, and the parts made before it are closed all the same', async () => {
  const done: string[] = [];
  await closeAll([
    () => void done.push('first'),
    () => Promise.reject(new Error('second')),
    () => {
      throw new Error('third');
    },
    () => Promise.resolve().then(() => void done.push('fourth')),
  ]);
  expect(done).toEqual(['fourth', 'first']);
});
