/**
 * Feeds that survive lost connections: each continues after the last cursor that it has received.
 *
 * An operation that is to resume declares `$after: String` and selects `cursor` in its root field. A state (kpisChanged,
 * bulkJob) has no cursor; the server sends its present value again after each reconnection.
 */
import { createClient as createEventStreamClient } from "graphql-sse";
import { type Client, createClient } from "graphql-ws";
import type { TokenSource } from "./token";

/** 4403: the token has expired, or is no longer this person's. Trying again cannot help. */
const FORBIDDEN = 4403;
const MAX_PAUSE_MILLISECONDS = 30_000;
const FIRST_PAUSE_MILLISECONDS = 500;

export type ConnectionState = "idle" | "connecting" | "live" | "reconnecting" | "refused";

export interface FeedOperation {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
  extensions?: Record<string, unknown> | undefined;
}

export interface FeedResult {
  data?: Record<string, unknown> | null | undefined;
  errors?: readonly { message: string; extensions?: Record<string, unknown> | undefined }[] | undefined;
  extensions?: Record<string, unknown> | undefined;
}

export interface FeedSink {
  next(result: FeedResult): void;
  error(failure: unknown): void;
  complete(): void;
}

export interface FeedClient {
  /** Starts the feed; the returned function ends it. */
  subscribe(operation: FeedOperation, sink: FeedSink): () => void;
  /** Calls back at once and with every change of the connection; the returned function ends that. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Opens a new connection with a new token; open feeds continue on it. */
  reconnect(): void;
  close(): void;
}

export interface FeedOptions {
  /** The address of the server: `https://hub.example.com`. */
  address: string;
  token: TokenSource;
}

/** Returns a client over a websocket (graphql-transport-ws). All its feeds share one connection. */
export function createFeedClient({ address, token }: FeedOptions): FeedClient {
  const states = new States();
  const client = createClient({
    url: `${address.replace(/^http/, "ws")}/graphql`,
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: pause,
    shouldRetry: (failure) => !isRefusal(failure),
    // A page that changes from one feed to another keeps its connection.
    lazyCloseTimeout: 10_000,
    // A vanished server sends no close frame: without an answer to a ping the connection is given up.
    keepAlive: 20_000,
    on: {
      connecting: (isRetry) => states.set(isRetry ? "reconnecting" : "connecting"),
      connected: () => states.set("live"),
      closed: (event) => states.set(isRefusal(event) ? "refused" : isNormal(event) ? "idle" : "reconnecting"),
    },
  });
  return {
    subscribe: (operation, sink) => subscribeResuming(client, operation, sink),
    onState: (listener) => states.listen(listener),
    reconnect: () => client.terminate(),
    close: () => void client.dispose(),
  };
}

function subscribeResuming(client: Client, operation: FeedOperation, sink: FeedSink): () => void {
  // graphql-ws sends this very object again when it reconnects.
  const variables = { ...operation.variables };
  const { extensions, operationName } = operation;
  const sent = {
    query: operation.query,
    variables,
    ...(operationName === undefined ? {} : { operationName }),
    ...(extensions === undefined ? {} : { extensions }),
  };
  return client.subscribe(sent, {
    next(result) {
      rememberCursor(variables, result as FeedResult);
      sink.next(result as FeedResult);
    },
    error: (failure) => sink.error(failure),
    complete: () => sink.complete(),
  });
}

/** Returns a client over server-sent events, for networks that break websockets. Each feed has its own request. */
export function createEventStreamFeedClient({ address, token }: FeedOptions): FeedClient {
  const states = new States();
  const open = new Set<() => void>();
  return {
    subscribe(operation, sink) {
      const variables = { ...operation.variables };
      const client = createEventStreamClient({
        url: `${address}/graphql/stream`,
        headers: async () => ({ authorization: `Bearer ${await token()}` }),
        retryAttempts: Number.POSITIVE_INFINITY,
        retry: pause,
        onMessage: () => states.set("live"),
      });
      states.set("connecting");
      const end = client.subscribe(
        { query: operation.query, variables, ...(operation.operationName ? { operationName: operation.operationName } : {}) },
        {
          next(result) {
            rememberCursor(variables, result as FeedResult);
            sink.next(result as FeedResult);
          },
          error: (failure) => sink.error(failure),
          complete: () => sink.complete(),
        },
      );
      const close = () => {
        end();
        client.dispose();
        open.delete(close);
      };
      open.add(close);
      return close;
    },
    onState: (listener) => states.listen(listener),
    reconnect: () => undefined,
    close: () => [...open].forEach((close) => close()),
  };
}

function rememberCursor(variables: Record<string, unknown>, result: FeedResult): void {
  const change = Object.values(result.data ?? {})[0];
  if (typeof change === "object" && change !== null && "cursor" in change && typeof change.cursor === "string") {
    variables.after = change.cursor;
  }
}

/** Whether a feed's error says that its cursor is too old: load the data again and subscribe after its feedCursor. */
export function isCursorExpired(failure: unknown): boolean {
  if (!Array.isArray(failure)) return false;
  return failure.some((error: { extensions?: { code?: unknown } }) => error.extensions?.code === "CURSOR_EXPIRED");
}

/** Random, so that not all clients come back at once after a restart of the server. */
function pause(tries: number): Promise<void> {
  const longest = Math.min(MAX_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * 2 ** tries);
  return new Promise((done) => setTimeout(done, Math.random() * longest));
}

function isRefusal(event: unknown): boolean {
  return typeof event === "object" && event !== null && "code" in event && event.code === FORBIDDEN;
}

function isNormal(event: unknown): boolean {
  return typeof event === "object" && event !== null && "code" in event && event.code === 1000;
}

class States {
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
