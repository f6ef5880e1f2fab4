/** The one connection of a page's widgets: an address, a token callback, requests and feeds. */
import { createFeedClient, type FeedClient } from "../../client/src/feed";
import type { TokenSource } from "../../client/src/token";

export interface HubOptions {
  /** The address of the server, for example `https://hub.example.com`. */
  address: string;
  /** Returns the access token for the next request or connection. */
  token: TokenSource;
}

export class Hub {
  readonly feed: FeedClient;
  readonly #options: HubOptions;

  constructor(options: HubOptions) {
    this.#options = { ...options, address: options.address.replace(/\/$/, "") };
    this.feed = createFeedClient(this.#options);
  }

  /** Resolves to the data; rejects with the errors of the answer. */
  async query<Data>(query: string, variables: Record<string, unknown>, language: string): Promise<Data> {
    const token = await this.#options.token();
    const answer = await fetch(`${this.#options.address}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, "accept-language": language },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await answer.json()) as { data?: Data | null; errors?: { message: string }[] };
    if (errors?.[0]) throw errors;
    if (!data) throw new Error(`Status ${answer.status}`);
    return data;
  }
}

const waiting = new Set<(hub: Hub) => void>();
let current: Hub | undefined;

/** Connects all widgets of the page, those that exist and those that are added later. */
export function connect(options: HubOptions): void {
  current?.feed.close();
  current = new Hub(options);
  for (const start of [...waiting]) start(current);
}

/** Calls back with each hub, at once if there is one; the returned function ends that. */
export function onHub(start: (hub: Hub) => void): () => void {
  waiting.add(start);
  if (current) start(current);
  return () => waiting.delete(start);
}
