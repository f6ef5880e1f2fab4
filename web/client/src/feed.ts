/**
 * Feeds that survive lost connections: each continues after the last cursor that it has received.
 *
 * An operation that is to resume declares `$after: String` and selects `cursor` in its root field. A state (kpisChanged,
 * bulkJob) has no cursor; the server sends its present value again after each reconnection.
 */
import { createClient, type SubscribePayload } from "graphql-ws";
import { codeOf, type ConnectionState, pause, startResuming, States } from "./connection.js";
import type { TokenSource } from "./token.js";

/** 4403: the token has expired, or is no longer this person's. Trying again cannot help. */
const FORBIDDEN = 4403;

const PING_MILLISECONDS = 20_000;
const SILENCE_MILLISECONDS = 10_000;

export interface FeedOperation {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
  extensions?: Record<string, unknown> | undefined;
  /** The id of the operation among the server's trusted documents: sent instead of the text while the server knows it. */
  documentId?: string | undefined;
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
  let silence: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: `${address.replace(/^http/, "ws")}/graphql`,
    connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: pause,
    // Connections fail with events, or with an error that has a code, like a given up connection. Another error is a mistake
    // of this page, and would be repeated without a pause.
    shouldRetry: (failure) => (closeCode(failure) !== undefined || !(failure instanceof Error)) && !isRefusal(failure),
    jsonMessageReplacer: withoutEmptyQuery,
    // A page that changes from one feed to another keeps its connection.
    lazyCloseTimeout: 10_000,
    keepAlive: PING_MILLISECONDS,
    on: {
      // A vanished server sends no close frame: without an answer to a ping the connection is given up.
      ping: (isReceived) => {
        if (!isReceived) silence = setTimeout(() => client.terminate(), SILENCE_MILLISECONDS);
      },
      pong: () => clearTimeout(silence),
      connecting: (isRetry) => states.set(isRetry ? "reconnecting" : "connecting"),
      connected: () => states.set("live"),
      closed(event) {
        clearTimeout(silence);
        states.set(isRefusal(event) ? "refused" : isNormal(event) ? "idle" : "reconnecting");
      },
    },
  });
  return {
    subscribe: (operation, sink) =>
      startResuming((request, heard) => client.subscribe(withQuery(request), heard), operation, sink),
    onState: (listener) => states.listen(listener),
    reconnect: () => client.terminate(),
    // It waits for a connection that is being made, and fails with that; then there is nothing left to close.
    close: () => void Promise.resolve(client.dispose()).catch(() => undefined),
  };
}

/** Whether a feed's error says that its cursor is too old: load the data again and subscribe after its feedCursor. */
export function isCursorExpired(failure: unknown): boolean {
  return codeOf(failure) === "CURSOR_EXPIRED";
}

/** A request with the id of its document has no query, but graphql-ws demands one: it is left out when it is sent. */
function withQuery(request: Record<string, unknown>): SubscribePayload {
  // The very object, whose variables change.
  return Object.assign(request, { query: request.query ?? "" }) as unknown as SubscribePayload;
}

function withoutEmptyQuery(this: object, key: string, value: unknown): unknown {
  return key === "query" && value === "" && "documentId" in this ? undefined : value;
}

/** Whether a feed ended because the server does not accept the token, over a websocket. */
export function isRefusal(event: unknown): boolean {
  return closeCode(event) === FORBIDDEN;
}

function isNormal(event: unknown): boolean {
  return closeCode(event) === 1000;
}

function closeCode(event: unknown): unknown {
  return typeof event === "object" && event !== null && "code" in event ? event.code : undefined;
}
