import { useLayoutEffect, useRef } from 'preact/hooks';
import { asked } from '../data/question.ts';

/**
 * Asks before an action that cannot be undone. The browser's own modal dialog handles focus, Escape and screen readers.
 */
export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = asked.value;
  // The dialog opens before the page is drawn, so that a key pressed right after the click already goes to it.
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
