/** Queries whose answers are read again as soon as the log has an event of their kinds. */
import type { TypedDocumentNode } from "@urql/core";
import { useCallback, useRef, useState } from "react";
import { useQuery, type UseQueryState } from "urql";
import { graphql } from "../gql";
import type { ActivityKind } from "../gql/graphql";
import { usePermission } from "../session/viewer";
import { useFeed } from "./feeds";
import { useReadAgain } from "./read_again";

const EVENTS = graphql(`
  subscription Events($kinds: [ActivityKind!], $after: String) {
    activity(filter: { kind: $kinds }, after: $after) { cursor event { id kind } }
  }
`);

/** Returns the cursor after which a feed begins, and a function for the moment when that cursor has expired. */
export function useFirstCursor(loaded: string | undefined): [string | null, () => void] {
  const [after, setAfter] = useState<string | null>(null);
  const expired = useRef<string | null>(null);
  // Begins after the first answer; a later one must not restart it.
  if (after === null && loaded && loaded !== expired.current) setAfter(loaded);
  const expire = () => {
    expired.current = after;
    setAfter(null);
  };
  return [after, expire];
}

/** Without the log, what others change is seen after at most this time. */
const READ_AGAIN_MILLISECONDS = 30_000;

/** Reads a query that selects `feedCursor`, and follows the log; where the viewer may not read it, reads it regularly. */
export function useFollowed<Data extends { feedCursor: string }, Variables extends object>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  kinds: readonly ActivityKind[],
): [UseQueryState<Data, Variables>, () => void] {
  const canFollow = usePermission("READ_ACTIVITY");
  const [state, read] = useQuery<Data, Variables>({ query, variables: variables as never, requestPolicy: "cache-and-network" });
  const refresh = useCallback(() => read({ requestPolicy: "network-only" }), [read]);
  const [after, expire] = useFirstCursor(state.data?.feedCursor);
  useFeed(EVENTS, canFollow && after ? { kinds: [...kinds], after } : null, {
    onChange: refresh,
    onGap() {
      expire();
      refresh();
    },
  });
  useReadAgain(refresh, READ_AGAIN_MILLISECONDS, !canFollow);
  return [state, refresh];
}
