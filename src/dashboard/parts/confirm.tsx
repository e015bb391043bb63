import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** Asks before what cannot be taken back. The browser's own modal dialog: focus, Escape and screen readers are its work. */
interface Question {
  readonly question: string;
  readonly detail: string;
  readonly answer: string;
}

const asked = signal<(Question & { readonly resolve: (sure: boolean) => void }) | undefined>(undefined);

export function ask(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.value = { ...question, resolve };
  });
}

export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = asked.value;
  useEffect(() => {
    if (now) dialog.current?.showModal();
  }, [now]);
  if (!now) return null;
  const settle = (sure: boolean): void => {
    dialog.current?.close();
    asked.value = undefined;
    now.resolve(sure);
  };
  return (
    <dialog ref={dialog} aria-labelledby="question" aria-describedby="question-detail" onCancel={() => settle(false)}>
      <h2 id="question">{now.question}</h2>
      <p id="question-detail">{now.detail}</p>
      <div class="answers">
        <button type="button" onClick={() => settle(false)}>
          Cancel
        </button>
        <button type="button" class="grave" onClick={() => settle(true)}>
          {now.answer}
        </button>
      </div>
    </dialog>
  );
}
