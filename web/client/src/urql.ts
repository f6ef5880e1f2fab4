/** urql: an exchange that runs subscriptions over a feed client. */
import { type Exchange, subscriptionExchange } from "@urql/core";
import type { FeedClient, FeedResult } from "./feed";

export function feedExchange(feed: FeedClient): Exchange {
  return subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({
        unsubscribe: feed.subscribe(
          { query: request.query ?? "", variables: request.variables as Record<string, unknown> },
          {
            next: (result: FeedResult) => sink.next(result as Parameters<typeof sink.next>[0]),
            error: (failure) => sink.error(failure),
            complete: () => sink.complete(),
          },
        ),
      }),
    }),
  });
}
