import type { ComponentChildren } from 'preact';
import type { ApiService, ApiUpstream } from '../../admin/schema.ts';

/**
 * Marks of states. Each state has a shape and a word of its own: colour alone never carries the meaning.
 */
export type StateName = ApiService['state'] | ApiUpstream['state'] | 'warn' | 'info';

const shapes: Readonly<Record<StateName, ComponentChildren>> = {
  up: <circle cx="8" cy="8" r="5" fill="currentColor" />,
  ready: <circle cx="8" cy="8" r="5" fill="currentColor" />,
  starting: (
    <path
      d="M8 2.5a5.5 5.5 0 1 1-5.5 5.5"
      fill="none"
      stroke="currentColor"
      stroke-width="2.5"
      stroke-linecap="round"
    />
  ),
  degraded: <Triangle />,
  warn: <Triangle />,
  down: <Cross />,
  unhealthy: <Cross />,
  paused: <path d="M4.5 3.5h2.5v9H4.5zM9 3.5h2.5v9H9z" fill="currentColor" />,
  asleep: <path d="M10.5 2.2a6 6 0 1 0 3.3 8.6A5.2 5.2 0 0 1 10.5 2.2z" fill="currentColor" />,
  draining: (
    <path
      d="M8 2.5v10M3.8 8.6 8 12.8l4.2-4.2"
      fill="none"
      stroke="currentColor"
      stroke-width="2.3"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  ),
  info: <circle cx="8" cy="8" r="2.5" fill="currentColor" />,
};

function Triangle() {
  return (
    <>
      <path d="M8 1.8 15 14H1z" fill="currentColor" stroke="currentColor" stroke-width="1.2" stroke-linejoin="round" />
      <path class="knocked-out" d="M8 6v4M8 11.8v.4" fill="none" stroke-width="1.7" stroke-linecap="round" />
    </>
  );
}

function Cross() {
  return (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path
        class="knocked-out"
        d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"
        fill="none"
        stroke-width="1.8"
        stroke-linecap="round"
      />
    </>
  );
}

/** The mark without its word; the caller prints the state in words beside it. */
export function Mark({ state }: { readonly state: StateName }) {
  return (
    <svg class={`mark is-${state}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {shapes[state]}
    </svg>
  );
}

export function State({ state, children }: { readonly state: StateName; readonly children?: ComponentChildren }) {
  return (
    <span class={`state is-${state}`}>
      <Mark state={state} />
      <span>{children ?? state}</span>
    </span>
  );
}
