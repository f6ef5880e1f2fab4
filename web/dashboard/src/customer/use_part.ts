/** A part of the customer's page: read when its tab opens, and again after each change of the customer. */
import type { TypedDocumentNode } from "@urql/core";
import { useEffect, useRef } from "react";
import { useQuery, type UseQueryExecute, type UseQueryState } from "urql";

export function usePart<Data>(
  query: TypedDocumentNode<Data, { id: string }>,
  id: string,
  changes: number,
): [UseQueryState<Data, { id: string }>, UseQueryExecute] {
  const [state, read] = useQuery({ query, variables: { id }, requestPolicy: "cache-and-network" });
  const seen = useRef(changes);
  useEffect(() => {
    if (seen.current === changes) return;
    seen.current = changes;
    read({ requestPolicy: "network-only" });
  }, [changes, read]);
  return [state, read];
}
