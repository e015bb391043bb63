import { signal } from '@preact/signals';

/** What is asked of whoever looks, before what cannot be taken back. One question at a time. */
export interface Question {
  readonly question: string;
  readonly detail: string;
  readonly answer: string;
}

export const asked = signal<(Question & { readonly settle: (sure: boolean) => void }) | undefined>(undefined);

/** Whether they are sure. Another question takes back the one that waits for its answer: nobody can give it any more. */
export function ask(question: Question): Promise<boolean> {
  asked.value?.settle(false);
  return new Promise((resolve) => {
    const settle = (sure: boolean): void => {
      if (asked.value === mine) asked.value = undefined;
      resolve(sure);
    };
    const mine = { ...question, settle };
    asked.value = mine;
  });
}
