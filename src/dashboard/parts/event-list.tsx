import type { TimelineEvent } from '../../admin/event-schema.ts';
import { toHash } from '../place.ts';
import { ClockTime } from './ago.tsx';
import { Mark } from './state.tsx';

/** A list of events, newest first. */
export function EventList({
  events,
  withService = true,
}: {
  readonly events: readonly TimelineEvent[];
  readonly withService?: boolean;
}) {
  if (events.length === 0) return <p class="empty">Nothing has happened yet.</p>;
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={event.id}>
          <ClockTime at={event.at} />
          <Mark state={event.level} />
          <p>
            {event.level === 'warn' && <span class="unseen">Warning: </span>}
            <Message event={event} linked={withService} />
          </p>
        </li>
      ))}
    </ol>
  );
}

/** The service's name in the message links to its page; a message without the name gets a link at its end. */
function Message({ event, linked }: { readonly event: TimelineEvent; readonly linked: boolean }) {
  const { message, service } = event;
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
