/** Following a feed from a component: it begins after a cursor, and ends with the component. */
import { stringifyDocument, type TypedDocumentNode } from "@urql/core";
import { createContext, useContext, useEffect, useRef, useState } from "react";
import { type ConnectionState, documentHash, type FeedClient, isCursorExpired } from "../../../client/src";

export const FeedContext = createContext<FeedClient | null>(null);

function useFeedClient(): FeedClient {
  const feed = useContext(FeedContext);
  if (!feed) throw new Error("No feed: this component is used outside the signed-in pages.");
  return feed;
}

export interface FeedHandlers<Data> {
  onChange(data: Data): void;
  /** The feed cannot continue after its cursor: load the data again. */
  onGap(): void;
}

/** Runs the subscription while `variables` is not null, and anew when they change. */
export function useFeed<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables | null,
  handlers: FeedHandlers<Data>,
): void {
  const feed = useFeedClient();
  const latest = useRef(handlers);
  latest.current = handlers;
  const key = JSON.stringify(variables);
  useEffect(() => {
    if (variables === null) return;
    return feed.subscribe(
      { query: stringifyDocument(document), documentId: documentHash(document), variables },
      {
        next: ({ data }) => data && latest.current.onChange(data as Data),
        error: (failure) => isCursorExpired(failure) && latest.current.onGap(),
        complete: () => undefined,
      },
    );
    // The key stands for the variables, which are a new object at each rendering.
  }, [feed, document, key]);
}

export function useConnectionState(): ConnectionState {
  const feed = useFeedClient();
  const [state, setState] = useState<ConnectionState>("idle");
  useEffect(() => feed.onState(setState), [feed]);
  return state;
}
