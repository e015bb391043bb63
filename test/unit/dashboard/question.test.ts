import { expect, it } from 'vitest';
import { askReader, asked } from '../../../src/dashboard/data/question.ts';

const about = (question: string) => ({ question, detail: '', answer: 'Yes' });

it('a question that is asked while another waits takes that one back: it is answered with no', async () => {
  const first = askReader(about('first?'));
  const second = askReader(about('second?'));
  expect(await first).toBe(false);
  expect(asked.value?.question).toBe('second?');
  asked.value?.settle(true);
  expect(await second).toBe(true);
  expect(asked.value).toBeUndefined();
});
