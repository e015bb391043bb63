import type { ApiProblem } from '../../admin/schema.ts';
import { toHash } from '../place.ts';
import { Mark } from './state.tsx';

/** A list of problems, each with the next thing to do about it. */
export interface ProblemListProps {
  readonly problems: readonly ApiProblem[];
  /** The service whose page this is; it is not linked. */
  readonly within?: string;
}

export function ProblemList({ problems, within }: ProblemListProps) {
  return (
    <ul class="problem-list">
      {problems.map((problem) => (
        <li key={`${problem.code} ${problem.subject} ${problem.message}`}>
          <Mark state="warn" />
          <div>
            <p>
              <b>{problem.subject}</b>: {problem.message}
            </p>
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
          </div>
        </li>
      ))}
    </ul>
  );
}
