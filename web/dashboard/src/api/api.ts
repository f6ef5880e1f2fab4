/** The one connection to the server: requests over HTTP, subscriptions over a websocket, a normalized cache. */
import { Client, fetchExchange, mapExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { createFeedClient, createSeenFetch, type FeedClient, typesWithoutId } from "../../../client/src";
import { documentIdExchange, feedExchange } from "../../../client/src/urql";
import { currentToken, keepToken } from "../../../session/token";

/** Objects without an id are stored as a part of the object around them. */
const KEYS = Object.fromEntries(typesWithoutId.map((name) => [name, () => null]));

export interface Api {
  client: Client;
  feed: FeedClient;
  close(): void;
}

/** Returns a client for the administrator who is signed in; another sign-in gets another one, with an empty cache. */
export function createApi(language: () => string): Api {
  const feed = createFeedClient({ address: location.origin, token: currentToken });
  const client = new Client({
    url: "/graphql",
    fetch: createSeenFetch(),
    preferGetMethod: false,
    fetchOptions: () => ({
      headers: { authorization: `Bearer ${currentToken()}`, "accept-language": language() },
    }),
    exchanges: [
      mapExchange({
        onError(error) {
          // The token has expired or was revoked: the sign-in page takes over.
          if (error.graphQLErrors.some(({ extensions }) => extensions.code === "UNAUTHENTICATED")) keepToken("");
        },
      }),
      documentIdExchange(),
      cacheExchange({ keys: KEYS }),
      fetchExchange,
      feedExchange(feed),
    ],
  });
  return { client, feed, close: () => feed.close() };
}
