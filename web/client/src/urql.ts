/** urql: an exchange that runs subscriptions over a feed client, and one that sends operations by their ids. */
import { type Exchange, getOperationName, makeOperation, mapExchange, stringifyDocument, subscriptionExchange } from "@urql/core";
import { documentHash, sendById } from "./documents.js";
import type { FeedClient, FeedResult } from "./feed.js";

export function feedExchange(feed: FeedClient): Exchange {
  return subscriptionExchange({
    forwardSubscription: ({ query, variables, extensions }, operation) => ({
      subscribe: (sink) => ({
        unsubscribe: feed.subscribe(
          {
            query: query ?? stringifyDocument(operation.query),
            variables: variables as Record<string, unknown>,
            operationName: getOperationName(operation.query),
            extensions,
            documentId: operation.context.documentId as string | undefined,
          },
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

/** Sends each operation that graphql-codegen has given a hash by this hash: put it before the exchange of the cache. */
export function documentIdExchange(): Exchange {
  return mapExchange({
    onOperation(operation) {
      const id = documentHash(operation.query);
      // The cache sends an operation again as it got it: its fetch is not wrapped twice.
      if (id === undefined || operation.context.documentId === id || operation.kind === "teardown") return operation;
      const send = operation.context.fetch ?? globalThis.fetch.bind(globalThis);
      return makeOperation(operation.kind, operation, {
        ...operation.context,
        documentId: id,
        fetch: (address, request) => sendById(id, send, address, request),
      });
    },
  });
}
