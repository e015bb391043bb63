import { signal } from '@preact/signals';

/** The question that the page asks before an action that cannot be undone. One question at a time. */
export interface Question {
  readonly question: string;
  readonly detail: string;
  readonly answer: string;
}

export const asked = signal<(Question & { readonly settle: (sure: boolean) => void }) | undefined>(undefined);

/**
 * Resolves to true once the reader confirms. A new question answers an open one with false, since its dialog is gone.
 */
export function askReader(question: Question): Promise<boolean> {
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
