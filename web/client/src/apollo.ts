/** Apollo Client: a link that runs subscriptions over a feed client, so that they resume after a lost connection. */
import { ApolloLink, CombinedGraphQLErrors, Observable } from "@apollo/client";
import { print } from "@apollo/client/utilities";
import type { GraphQLFormattedError } from "graphql";
import { documentHash } from "./documents.js";
import type { FeedClient } from "./feed.js";

/** Put it behind `ApolloLink.split`, for subscriptions only. `isCursorExpired` understands its errors. */
export function feedLink(feed: FeedClient): ApolloLink {
  return new ApolloLink(
    ({ query, variables, operationName, extensions }) =>
      new Observable((observer) =>
        feed.subscribe(
          { query: print(query), variables, operationName, extensions, documentId: documentHash(query) },
          {
            next: (result) => observer.next(result as ApolloLink.Result),
            error: (failure) => observer.error(asError(failure)),
            complete: () => observer.complete(),
          },
        ),
      ),
  );
}

/** A feed ends with the list of GraphQL errors, or with the event that closed its connection. */
function asError(failure: unknown): unknown {
  if (Array.isArray(failure)) return new CombinedGraphQLErrors({ errors: failure as GraphQLFormattedError[] });
  if (failure instanceof Error) return failure;
  const { code, reason } = failure as Partial<CloseEvent>;
  return new Error(`The connection was closed${code ? ` (${code}${reason ? `: ${reason}` : ""})` : ""}.`);
}
