import type { EventLine } from '../data/event-lines.ts';
import { count } from '../format.ts';
import { toHash } from '../place.ts';
import { Ago, ClockTime } from './ago.tsx';
import { Mark } from './state.tsx';

/** The lines of the timeline, newest first. */
export function EventList({
  lines,
  withService = true,
}: {
  readonly lines: readonly EventLine[];
  readonly withService?: boolean;
}) {
  if (lines.length === 0) return <p class="empty">Nothing has happened yet.</p>;
  return (
    <ol class="events">
      {lines.map((line) => (
        <li key={line.key}>
          <ClockTime at={line.at} />
          <Mark state={line.level} />
          <p>
            {line.level === 'warn' && <span class="unseen">Warning: </span>}
            <Message line={line} linked={withService} />
            {line.times > 1 && (
              <span class="times">
                {' '}
                {count(line.times)} times, last <Ago at={line.at} /> ago
              </span>
            )}
          </p>
        </li>
      ))}
    </ol>
  );
}

/** The service's name in the message links to its page; a message without the name gets a link at its end. */
function Message({ line, linked }: { readonly line: EventLine; readonly linked: boolean }) {
  const { message, service } = line;
  if (!linked || service === null) return message;
  const at = message.indexOf(service);
  const link = <a href={toHash({ kind: 'service', name: service })}>{service}</a>;
  if (at === -1) {
    return (
      <>
        {message} ({link})
      </>
    );
  }
  return (
    <>
      {message.slice(0, at)}
      {link}
      {message.slice(at + service.length)}
    </>
  );
}
