/** Feeds over server-sent events, for networks that break websockets. */
import { createClient } from "graphql-sse";
import { codeOf, pause, startResuming, StreamStates } from "./connection.js";
import type { FeedClient, FeedOptions, FeedResult, FeedSink } from "./feed.js";

const UNAUTHENTICATED = 401;
/** Refusals that pass: a slow request, and a rate limit. */
const PASSING = new Set([408, 429]);

type Request = Record<string, unknown>;

/** Returns a client over server-sent events. Each feed has its own request. */
export function createEventStreamFeedClient(options: FeedOptions): FeedClient {
  const states = new StreamStates();
  const open = new Set<Stream>();
  const start = (request: Request, sink: FeedSink) => {
    const stream = new Stream(options, states, request, sink);
    open.add(stream);
    stream.start();
    return () => {
      open.delete(stream);
      stream.close();
    };
  };
  return {
    subscribe: (operation, sink) => startResuming(start, operation, sink),
    onState: (listener) => states.listen(listener),
    reconnect: () => open.forEach((stream) => stream.restart()),
    close() {
      for (const stream of open) stream.close();
      open.clear();
    },
  };
}

/** One feed, over one connection after the other. */
class Stream {
  #connection: object = {};
  #end: () => void = () => undefined;
  #refusal: unknown;
  /** A result without data that came first: the next message says whether the feed goes on. */
  #withheld: FeedResult | undefined;
  #isFirst = true;

  constructor(
    readonly options: FeedOptions,
    readonly states: StreamStates,
    readonly request: Request,
    readonly sink: FeedSink,
  ) {}

  start(): void {
    const connection = {};
    this.#connection = connection;
    this.#refusal = undefined;
    const client = createClient({
      url: `${this.options.address}/graphql/stream`,
      headers: async () => ({ authorization: `Bearer ${await this.options.token()}` }),
      fetchFn: async (url: string, request: RequestInit) => this.#fetch(url, request),
      retryAttempts: Number.POSITIVE_INFINITY,
      retry: (tries) => this.#waitToRetry(tries),
      on: { connecting: (isRetry) => this.states.set(this, isRetry ? "reconnecting" : "connecting"), connected: () => this.#connected() },
    });
    const isCurrent = () => this.#connection === connection;
    client.subscribe(this.request as { query: string }, {
      next: (result) => {
        if (isCurrent()) this.#receive(result as FeedResult);
      },
      error: (failure) => isCurrent() && this.#fail(failure),
      complete: () => isCurrent() && this.#complete(),
    });
    this.#end = () => client.dispose();
  }

  restart(): void {
    this.#end();
    this.start();
  }

  close(): void {
    this.#connection = {};
    this.#end();
    this.states.set(this, undefined);
  }

  /** A request that the server refuses for good ends the feed with the errors of the answer. */
  async #fetch(url: string, request: RequestInit): Promise<Response> {
    const answer = await fetch(url, request);
    if (answer.status >= 400 && answer.status < 500 && !PASSING.has(answer.status)) {
      const body = (await answer.clone().json().catch(() => ({}))) as FeedResult;
      this.#refusal = body.errors ?? new Error(`The server answered ${answer.status}.`);
      if (answer.status === UNAUTHENTICATED) this.states.set(this, "refused");
    }
    return answer;
  }

  async #waitToRetry(tries: number): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal;
    this.states.set(this, "reconnecting");
    await pause(tries);
  }

  #connected(): void {
    this.#release();
    this.#isFirst = true;
    this.states.set(this, "live");
  }

  #receive(result: FeedResult): void {
    this.#release();
    if (this.#isFirst && !result.data) this.#withheld = result;
    else this.sink.next(result);
    this.#isFirst = false;
  }

  #release(): void {
    const result = this.#withheld;
    this.#withheld = undefined;
    if (result) this.sink.next(result);
  }

  #fail(failure: unknown): void {
    // A refused token stays visible until the feed is closed or started again with another one.
    const isRefused = failure === this.#refusal && codeOf(failure) === "UNAUTHENTICATED";
    if (!isRefused) this.states.set(this, undefined);
    this.sink.error(failure);
  }

  /** A request that fails before it starts is one result without data: the end of a feed, as over a websocket. */
  #complete(): void {
    this.states.set(this, undefined);
    const failed = this.#withheld;
    this.#withheld = undefined;
    if (failed) this.sink.error(failed.errors);
    else this.sink.complete();
  }
}
