/** Feeds over server-sent events, for networks that break websockets. */
import { createClient } from "graphql-sse";
import { pause, startResuming, States } from "./connection";
import type { FeedClient, FeedOptions, FeedResult, FeedSink } from "./feed";

const UNAUTHENTICATED = 401;

/** Returns a client over server-sent events. Each feed has its own request. */
export function createEventStreamFeedClient({ address, token }: FeedOptions): FeedClient {
  const states = new States();
  const open = new Set<() => void>();
  const start = (request: Record<string, unknown>, sink: FeedSink) => {
    const close = startStream({ address, token }, states, request, sink);
    open.add(close);
    return () => {
      open.delete(close);
      close();
    };
  };
  return {
    subscribe: (operation, sink) => startResuming(start, operation, sink),
    onState: (listener) => states.listen(listener),
    // Each request has the token of its time; the server ends a stream whose token has expired.
    reconnect: () => undefined,
    close: () => [...open].forEach((close) => close()),
  };
}

function startStream({ address, token }: FeedOptions, states: States, request: Record<string, unknown>, sink: FeedSink): () => void {
  let status = 0;
  const client = createClient({
    url: `${address}/graphql/stream`,
    headers: async () => ({ authorization: `Bearer ${await token()}` }),
    fetchFn: async (url: string, init: RequestInit) => {
      const answer = await fetch(url, init);
      status = answer.status;
      return answer;
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    retry: async (tries) => {
      states.set(status === UNAUTHENTICATED ? "refused" : "reconnecting");
      if (status === UNAUTHENTICATED) throw new Error("The server refused the access token.");
      await pause(tries);
    },
    on: {
      connecting: (isRetry) => states.set(isRetry ? "reconnecting" : "connecting"),
      connected: () => states.set("live"),
    },
  });
  client.subscribe(request as { query: string }, {
    // A request that fails before it starts is one result without data: the end of a feed, as over a websocket.
    next: (result) => (result.data ? sink.next(result as FeedResult) : sink.error(result.errors)),
    error: (failure) => sink.error(failure),
    complete: () => sink.complete(),
  });
  return () => client.dispose();
}
