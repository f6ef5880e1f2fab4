/** The total and the facets of the list. After changes they are read again, at most once a second. */
import { useEffect, useRef } from "react";
import { useQuery } from "urql";
import type { CustomerCountsQuery, CustomerFilter } from "../gql/graphql";
import { CUSTOMER_COUNTS } from "./documents";

const PAUSE_MILLISECONDS = 1_000;

export type Counts = NonNullable<CustomerCountsQuery["customers"]>;

export function useCounts(filter: CustomerFilter, changes: number): Counts | undefined {
  const [{ data }, read] = useQuery({ query: CUSTOMER_COUNTS, variables: { filter }, requestPolicy: "cache-and-network" });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    // The first load counts as a change; the query itself has begun then.
    if (changes < 2 || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      read({ requestPolicy: "network-only" });
    }, PAUSE_MILLISECONDS);
  }, [changes, read]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return data?.customers ?? undefined;
}
