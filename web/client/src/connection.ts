/** What both transports of feeds share: the state of the connection, pauses before retries, cursors, ids of documents. */
import { isUnknownDocument } from "./documents.js";
import type { FeedOperation, FeedResult, FeedSink } from "./feed.js";

const MAX_PAUSE_MILLISECONDS = 30_000;
const FIRST_PAUSE_MILLISECONDS = 500;

export type ConnectionState = "idle" | "connecting" | "live" | "reconnecting" | "refused";

const WORST_FIRST: readonly ConnectionState[] = ["refused", "reconnecting", "connecting", "live"];

/** Random, so that not all clients come back at once after a restart of the server. */
export function pause(tries: number): Promise<void> {
  const longest = Math.min(MAX_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * 2 ** tries);
  return new Promise((done) => setTimeout(done, Math.random() * longest));
}

export class States {
  #state: ConnectionState = "idle";
  readonly #listeners = new Set<(state: ConnectionState) => void>();

  set(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  listen(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#state);
    return () => this.#listeners.delete(listener);
  }
}

/** The state of a client whose feeds have a connection each: the worst of them. */
export class StreamStates {
  readonly #states = new States();
  readonly #ofStreams = new Map<object, ConnectionState>();

  /** Without a state, the stream has ended. */
  set(stream: object, state: ConnectionState | undefined): void {
    if (state === undefined) this.#ofStreams.delete(stream);
    else this.#ofStreams.set(stream, state);
    const present = new Set(this.#ofStreams.values());
    this.#states.set(WORST_FIRST.find((each) => present.has(each)) ?? "idle");
  }

  listen(listener: (state: ConnectionState) => void): () => void {
    return this.#states.listen(listener);
  }
}

type Start = (request: Record<string, unknown>, sink: FeedSink) => () => void;

/**
 * Starts an operation; its `variables` then follow the last cursor, and the transport sends this very object again when it
 * reconnects. An id that the server does not know is replaced by the text.
 */
export function startResuming(start: Start, operation: FeedOperation, sink: FeedSink): () => void {
  const variables = { ...operation.variables };
  const next = (result: FeedResult) => {
    rememberCursor(variables, result);
    sink.next(result);
  };
  const complete = () => sink.complete();
  const { documentId, query, operationName, extensions } = operation;
  const more = { variables, ...(operationName === undefined ? {} : { operationName }), ...(extensions === undefined ? {} : { extensions }) };
  const error = (failure: unknown) => sink.error(failure);
  const startWithText = () => start({ query, ...more }, { next, error, complete });
  if (documentId === undefined) return startWithText();
  let end = start({ documentId, ...more }, {
    next,
    error: (failure) => {
      if (isUnknownDocument(codeOf(failure))) end = startWithText();
      else sink.error(failure);
    },
    complete,
  });
  return () => end();
}

function rememberCursor(variables: Record<string, unknown>, result: FeedResult): void {
  const change = Object.values(result.data ?? {})[0];
  if (typeof change === "object" && change !== null && "cursor" in change && typeof change.cursor === "string") {
    variables.after = change.cursor;
  }
}

/** The code of the first error of a feed that has ended; Apollo wraps the errors. */
export function codeOf(failure: unknown): string | undefined {
  const errors = typeof failure === "object" && failure !== null && "errors" in failure ? failure.errors : failure;
  if (!Array.isArray(errors)) return undefined;
  const [first] = errors as { extensions?: { code?: string } }[];
  return first?.extensions?.code;
}
