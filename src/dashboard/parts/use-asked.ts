import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../../text/message-of.ts';

/** How long after an answer the API is asked again. */
const everyMs = 2_000;

export interface Asked<T> {
  /** The last answer; undefined before the first. */
  readonly answer: T | undefined;
  /** Why the last question failed; undefined after an answer. */
  readonly failure: string | undefined;
}

/**
 * Asks the API with `query`, and again every two seconds while the page is visible; while `paused` is set, only once for
 * each query. Parts of the query that are empty are left out. `ask` must be the same function each time.
 */
export function useAsked<T>(
  ask: (query: URLSearchParams) => Promise<T>,
  query: Readonly<Record<string, string>>,
  paused = false,
): Asked<T> {
  const [answer, setAnswer] = useState<T>();
  const [failure, setFailure] = useState<string>();
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let wanted = true;
    const read = async (): Promise<void> => {
      try {
        if (document.visibilityState === 'visible') {
          const answered = await ask(new URLSearchParams(text));
          if (!wanted) return;
          setAnswer(() => answered);
          setFailure(undefined);
        }
      } catch (error) {
        if (wanted) setFailure(messageOf(error));
      }
      if (wanted && !paused) timer = setTimeout(() => void read(), everyMs);
    };
    void read();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [ask, text, paused]);
  return { answer, failure };
}
