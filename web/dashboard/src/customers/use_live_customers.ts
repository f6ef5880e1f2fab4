/** The live list of a filter and an order, for a component. */
import { useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import { useClient } from "urql";
import { FeedContext } from "../api/feeds";
import type { ListState } from "./filters";
import { LiveCustomers, type Snapshot } from "./live_customers";

export function useLiveCustomers(state: ListState): Snapshot & { list: LiveCustomers } {
  const client = useClient();
  const feed = useContext(FeedContext);
  const { filter, order, changesByTime } = state;
  const list = useMemo(() => {
    if (!feed) throw new Error("No feed: the list is used outside the signed-in pages.");
    return new LiveCustomers(client, feed, { filter, order, changesByTime });
  }, [client, feed, filter, order.field, order.direction, changesByTime]);
  useEffect(() => {
    void list.load();
    return () => list.close();
  }, [list]);
  const snapshot = useSyncExternalStore(list.subscribe, list.snapshot);
  return { ...snapshot, list };
}
