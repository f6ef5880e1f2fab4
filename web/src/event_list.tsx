/** The log of a subscription below the response pane: each event with its time; a click shows it whole. */
import { useState, useSyncExternalStore } from "react";
import { eventLog, type LoggedEvent } from "./event_log";

const TIMES = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

export function EventList() {
  const events = useSyncExternalStore(eventLog.subscribe, eventLog.read);
  const newest = events[0];
  if (!newest) return null;
  return (
    <section className="event-log" aria-label="Events of the subscription">
      <header className="event-log-head">
        <span>
          {newest.number} {newest.number === 1 ? "event" : "events"}
          {newest.number > events.length && `, the last ${events.length} are kept`}
        </span>
        <button type="button" className="event-log-clear" onClick={eventLog.begin}>
          Clear
        </button>
      </header>
      <ol className="event-log-rows">
        {events.map((event) => (
          <EventRow key={event.number} event={event} />
        ))}
      </ol>
    </section>
  );
}

function EventRow({ event }: { event: LoggedEvent }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li>
      <details onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
        <summary>
          <span className="event-log-number">{event.number}</span> <time>{TIMES.format(event.at)}</time> {event.name}
        </summary>
        {isOpen && <pre>{event.text}</pre>}
      </details>
    </li>
  );
}
