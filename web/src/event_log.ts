/** The events of the subscription that was started last; the response pane shows only the newest. */

const MAX_EVENTS = 500;
const MAX_CHARACTERS = 4_000_000;

export interface LoggedEvent {
  number: number;
  at: Date;
  /** The name of the subscription's field. */
  name: string;
  text: string;
}

class EventLog {
  #events: readonly LoggedEvent[] = [];
  #received = 0;
  readonly #listeners = new Set<() => void>();

  /** Empties the log for the events of another subscription. */
  begin = (): void => {
    this.#received = 0;
    this.#set([]);
  };

  add(result: { data?: unknown; errors?: unknown }): void {
    this.#received += 1;
    const name = Object.keys(result.data ?? {})[0] ?? "errors";
    const event = { number: this.#received, at: new Date(), name, text: JSON.stringify(result, null, 2) };
    this.#set(newest([event, ...this.#events]));
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The events, newest first: at most 500, with at most 4 million characters. */
  read = (): readonly LoggedEvent[] => this.#events;

  #set(events: readonly LoggedEvent[]): void {
    this.#events = events;
    for (const listener of this.#listeners) listener();
  }
}

function newest(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  let room = MAX_CHARACTERS;
  const kept = events.slice(0, MAX_EVENTS).findIndex(({ text }) => (room -= text.length) < 0);
  return events.slice(0, kept < 0 ? MAX_EVENTS : Math.max(1, kept));
}

export const eventLog = new EventLog();
