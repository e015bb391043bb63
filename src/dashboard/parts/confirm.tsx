import { useLayoutEffect, useRef } from 'preact/hooks';
import { asked } from '../data/question.ts';

/** Asks before what cannot be taken back. The browser's own modal dialog: focus, Escape and screen readers are its work. */
export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = asked.value;
  // Before the page is drawn: a key that is pressed after the click is already for the dialog.
  useLayoutEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, [now]);
  if (!now) return null;
  const settle = (sure: boolean): void => {
    dialog.current?.close();
    now.settle(sure);
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
