import { signal } from '@preact/signals';

/** Shows the outcome of an action for a few seconds; screen readers read it out. */
interface Toast {
  readonly text: string;
  readonly kind: 'done' | 'failed';
}

const shownMs = 6_000;
const toast = signal<Toast | undefined>(undefined);
let end: ReturnType<typeof setTimeout> | undefined;

export function say(text: string, kind: Toast['kind'] = 'done'): void {
  clearTimeout(end);
  toast.value = { text, kind };
  end = setTimeout(() => {
    toast.value = undefined;
  }, shownMs);
}

export function Toasts() {
  const now = toast.value;
  return (
    <div class="toasts" role="status">
      {now && <p class={now.kind}>{now.text}</p>}
    </div>
  );
}
