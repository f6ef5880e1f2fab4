/** The table of customers: only the visible rows exist. Live changes move nothing that is being read. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { CustomerOrderField } from "../gql/graphql";
import { Button } from "../ui/button";
import { Icon } from "../ui/icons";
import { CustomerTableRow } from "./customer_row";
import type { CustomerRow } from "./documents";
import type { useListState } from "./filters";
import type { LiveCustomers, Snapshot } from "./live_customers";
import { useListKeys } from "./list_keys";

const ROW_HEIGHT = 52;
/** The next page is loaded when this many rows are left below the visible ones. */
const ROWS_AHEAD = 40;

const COLUMNS: readonly { name: string; order?: CustomerOrderField }[] = [
  { name: "select" },
  { name: "name", order: "NAME" },
  { name: "status", order: "URGENCY" },
  { name: "products" },
  { name: "licenses" },
  { name: "nextExpiry", order: "NEXT_EXPIRY_AT" },
  { name: "lastSignIn", order: "LAST_ADMINISTRATOR_SIGN_IN_AT" },
  { name: "tags" },
  { name: "actions" },
];

interface Props {
  live: Snapshot & { list: LiveCustomers };
  state: ReturnType<typeof useListState>;
  total: number | undefined;
  selected: ReadonlySet<string>;
  onSelect(selected: ReadonlySet<string>): void;
  onTag(ids: readonly string[]): void;
}

export function CustomerTable({ live, state, total, selected, onSelect, onTag }: Props) {
  const { t } = useTranslation();
  const { customers, list } = live;
  const scroller = useRef<HTMLDivElement>(null);
  const [, navigate] = useLocation();
  const rows = useVirtualizer({
    count: customers.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => customers[index]?.id ?? index,
    overscan: 8,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (live.hasMore && last >= customers.length - ROWS_AHEAD) void list.loadMore();
  }, [live.hasMore, last, customers.length, list]);
  const { entered, showEntered } = useStableView(scroller, customers);
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  const open = (id: string) => navigate(`/customers/${id}`);
  const active = useListKeys({
    count: customers.length,
    idAt: (index) => customers[index]?.id,
    scrollTo: (index) => rows.scrollToIndex(index),
    onOpen: open,
    onToggle: toggle,
    onTag: (id) => onTag(selected.size ? [...selected] : [id]),
  });
  return (
    <div className="table-area">
      {entered > 0 && (
        <Button kind="primary" className="entered-button" onPress={showEntered}>
          <Icon name="up" />
          {t("customers.entered", { count: entered })}
        </Button>
      )}
      <div
        ref={scroller}
        className="table"
        role="grid"
        aria-label={t("customers.title")}
        aria-rowcount={total === undefined ? -1 : total + 1}
        aria-multiselectable="true"
        aria-busy={live.isLoading}
        tabIndex={0}
      >
        <div className="table-row table-head" role="row" aria-rowindex={1}>
          {COLUMNS.map(({ name, order }) => (
            <HeadCell key={name} name={name} order={order} state={state} />
          ))}
        </div>
        <div className="table-body" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {live.isLoading && customers.length === 0 && <SkeletonRows />}
          {items.map(({ index, key, start }) => {
            const customer = customers[index];
            return (
              customer && (
                <CustomerTableRow
                  key={key}
                  customer={customer}
                  index={index}
                  top={start}
                  isSelected={selected.has(customer.id)}
                  isActive={index === active}
                  changedAt={live.changedAt.get(customer.id)}
                  onToggle={toggle}
                  onOpen={open}
                  onTag={onTag}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

function HeadCell({ name, order, state }: { name: string; order: CustomerOrderField | undefined; state: Props["state"] }) {
  const { t } = useTranslation();
  const { field, direction } = state.order;
  const isSorted = order !== undefined && order === field;
  const sort = isSorted ? (direction === "ASC" ? "ascending" : "descending") : order ? "none" : undefined;
  const text = t(`column.${name}`);
  return (
    <div role="columnheader" className={`cell cell-${name}`} aria-sort={sort}>
      {order ? (
        <button
          type="button"
          className="head-button"
          tabIndex={-1}
          onClick={() => state.setOrder(order, isSorted && direction === "ASC" ? "DESC" : "ASC")}
        >
          {text}
          {isSorted && <Icon name={direction === "ASC" ? "up" : "down"} width="12" height="12" />}
        </button>
      ) : (
        <span className={name === "select" || name === "actions" ? "only-for-readers" : ""}>{text}</span>
      )}
    </div>
  );
}

function SkeletonRows() {
  return (
    <>
      {Array.from({ length: 12 }, (_, row) => (
        <div key={row} className="table-row" role="row" aria-hidden="true">
          {COLUMNS.map(({ name }) => (
            <div key={name} role="gridcell" className={`cell cell-${name}`}>
              {name !== "actions" && <div className="skeleton skeleton-line" />}
            </div>
          ))}
        </div>
      ))}
    </>
  );
}

/** Keeps the row at the top of the view where it is when rows enter or leave above it, and counts those that enter. */
function useStableView(scroller: React.RefObject<HTMLDivElement | null>, customers: readonly CustomerRow[]) {
  const [entered, setEntered] = useState(0);
  const earlier = useRef<readonly CustomerRow[]>(customers);
  useLayoutEffect(() => {
    const before = earlier.current;
    earlier.current = customers;
    const element = scroller.current;
    if (!element || before === customers || before.length === 0) return;
    const first = Math.floor(element.scrollTop / ROW_HEIGHT);
    const anchor = before[first];
    if (first === 0 || !anchor) return;
    const moved = customers.findIndex(({ id }) => id === anchor.id);
    if (moved < 0 || moved === first) return;
    element.scrollTop += (moved - first) * ROW_HEIGHT;
    if (moved > first) setEntered((count) => count + moved - first);
  }, [customers, scroller]);
  const showEntered = () => {
    setEntered(0);
    scroller.current?.scrollTo({ top: 0 });
  };
  return { entered, showEntered };
}
