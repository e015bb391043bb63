import type { ApiProblem } from '../../admin/schema.ts';
import { toHash } from '../place.ts';
import { Mark } from './state.tsx';

/** A list of problems, each with the next thing to do about it. */
export interface ProblemListProps {
  readonly problems: readonly ApiProblem[];
  /** The service whose page this is; it is not linked. */
  readonly within?: string;
  /** Each is one line, which opens. */
  readonly folded?: boolean;
}

export function ProblemList({ problems, within, folded = false }: ProblemListProps) {
  return (
    <ul class="problem-list">
      {problems.map((problem) => (
        <li key={`${problem.code} ${problem.subject} ${problem.message}`}>
          {folded ? (
            <details>
              <summary>
                <Mark state="warn" />
                <span class="first-line">
                  <b>{problem.subject}</b>: {problem.message}
                </span>
              </summary>
              <Advice problem={problem} within={within} />
            </details>
          ) : (
            <>
              <Mark state="warn" />
              <div>
                <p>
                  <b>{problem.subject}</b>: {problem.message}
                </p>
                <Advice problem={problem} within={within} />
              </div>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function Advice({ problem, within }: { readonly problem: ApiProblem; readonly within: string | undefined }) {
  return (
    <>
      <p class="fix">
        <span>Do</span> {problem.fix}
      </p>
      <p class="about">
        {problem.services
          .filter((name) => name !== within)
          .map((name) => (
            <a key={name} href={toHash({ kind: 'service', name })}>
              {name}
            </a>
          ))}
        <code>{problem.code}</code>
      </p>
    </>
  );
}
