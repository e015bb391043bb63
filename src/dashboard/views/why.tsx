import { useEffect, useState } from 'preact/hooks';
import type { ApiExplanation, ApiService } from '../../admin/schema.ts';
import { api } from '../data/api.ts';
import { count } from '../format.ts';
import { Ago } from '../parts/ago.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Mark, type StateName } from '../parts/state.tsx';

/**
 * Sealane's own explanation of a service that is not well: what was checked on a client's way to it, and the next thing
 * to do. The page asks again whenever the service's state or reason changes.
 */
const marks: Readonly<Record<ApiExplanation['steps'][number]['status'], StateName>> = {
  ok: 'up',
  warn: 'warn',
  bad: 'down',
  info: 'info',
};
const words = { ok: 'fine', warn: 'warning', bad: 'wrong', info: 'note' } as const;

export function Why({ service }: { readonly service: ApiService }) {
  const { name, state, reason } = service;
  const [explanation, setExplanation] = useState<ApiExplanation | 'none'>();
  useEffect(() => {
    let wanted = true;
    api.why(name).then(
      (answer) => wanted && setExplanation(answer),
      () => wanted && setExplanation('none'),
    );
    return () => {
      wanted = false;
    };
  }, [name, state, reason]);
  if (!explanation) return null;
  if (explanation === 'none' || explanation.verdict === 'reachable') return <Problems service={service} />;
  const { summary, next, steps, dialFailures } = explanation;
  return (
    <section class="card why" aria-labelledby="why">
      <header class="card-head">
        <h2 id="why">{explanation.verdict === 'unreachable' ? 'Why it cannot be reached' : 'What is wrong'}</h2>
      </header>
      <p>{summary}</p>
      {next !== null && (
        <p class="fix">
          <span>Do</span> {next}
        </p>
      )}
      <ol class="steps">
        {steps.map(({ step, status, text }) => (
          <li key={`${step} ${text}`}>
            <Mark state={marks[status]} />
            <span class="unseen">{words[status]}: </span>
            <b>{step}</b>
            <span>{text}</span>
          </li>
        ))}
      </ol>
      {service.problems.length > 1 && (
        <>
          <h3>All problems</h3>
          <ProblemList problems={service.problems} within={name} />
        </>
      )}
      {dialFailures.length > 0 && (
        <>
          <h3>Failed dials</h3>
          <ul class="dial-failures">
            {dialFailures.slice(0, 5).map((one) => (
              <li key={`${one.upstream} ${one.error}`}>
                <code>{one.error}</code> {one.upstream}, {count(one.count)}×, last <Ago at={one.at} /> ago
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/**
 * The reasons that the page knows without an explanation. A single problem is left out where an explanation describes
 * it.
 */
function Problems({ service: { name, problems } }: { readonly service: ApiService }) {
  if (problems.length === 0) return null;
  return (
    <section class="card problems" aria-label="Problems">
      <ProblemList problems={problems} within={name} />
    </section>
  );
}
