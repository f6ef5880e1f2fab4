/** The table of customers: only the visible rows exist. Live changes move nothing that is being read. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { CustomerOrderField } from "../gql/graphql";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { useFormats } from "../ui/formats";
import { Icon } from "../ui/icons";
import { loadMenu } from "../ui/menu_button";
import { CustomerTableRow, type RowView } from "./customer_row";
import type { CustomerRow } from "./documents";
import type { useListState } from "./filters";
import type { LiveCustomers, Snapshot } from "./live_customers";
import { useListKeys } from "./list_keys";
import { type OpenMenu, RowMenu } from "./row_menu";
import { useFocusOfCustomer, useRowSlots } from "./row_slots";

const ROW_HEIGHT = 52;
/** The next page is loaded when this many rows are left below the visible ones. */
const ROWS_AHEAD = 40;

interface Column {
  name: string;
  /** Orders the list. */
  field?: CustomerOrderField;
}

const COLUMNS: readonly Column[] = [
  { name: "select" },
  { name: "name", field: "NAME" },
  { name: "status", field: "URGENCY" },
  { name: "products" },
  { name: "licenses" },
  { name: "nextExpiry", field: "NEXT_EXPIRY_AT" },
  { name: "lastSignIn", field: "LAST_ADMINISTRATOR_SIGN_IN_AT" },
  { name: "tags" },
  { name: "actions" },
];

interface Props {
  live: Snapshot & { list: LiveCustomers };
  state: ReturnType<typeof useListState>;
  total: number | undefined;
  selected: ReadonlySet<string>;
  onToggle(id: string): void;
  onTag(ids: readonly string[]): void;
}

export function CustomerTable({ live, state, total, selected, onToggle, onTag }: Props) {
  const { t } = useTranslation();
  const { customers, list } = live;
  const scroller = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const view = useRowView(onToggle, onTag, setMenu);
  const rows = useVirtualizer({
    count: customers.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => customers[index]?.id ?? index,
    overscan: 8,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const placed = useRowSlots(
    items.flatMap(({ index, start }) => (customers[index] ? { index, start, id: customers[index].id } : [])),
    rows.isScrolling,
  );
  useEffect(() => {
    if (live.hasMore && last >= customers.length - ROWS_AHEAD) void list.loadMore();
  }, [live.hasMore, last, customers.length, list]);
  const keepFocus = useFocusOfCustomer(scroller);
  const { entered, showEntered } = useStableView(scroller, customers);
  const active = useListKeys({
    count: customers.length,
    idAt: (index) => customers[index]?.id,
    scrollTo: (index) => rows.scrollToIndex(index),
    onOpen: view.onOpen,
    onToggle,
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
        onPointerEnter={() => void loadMenu()}
      >
        <TableHead order={state.order} setOrder={state.setOrder} />
        <div className="table-body" role="rowgroup" style={{ height: rows.getTotalSize() }} onFocus={keepFocus}>
          {live.isLoading && customers.length === 0 && <SkeletonRows />}
          {placed.map(({ index, slot, start }) => {
            const customer = customers[index];
            return (
              customer && (
                <CustomerTableRow
                  key={slot}
                  view={view}
                  customer={customer}
                  index={index}
                  top={start}
                  isSelected={selected.has(customer.id)}
                  isActive={index === active}
                  changedAt={live.changedAt.get(customer.id)}
                />
              )
            );
          })}
        </div>
      </div>
      {menu && <RowMenu key={menu.customer.id} {...menu} onTag={onTag} onClose={() => setMenu(null)} />}
    </div>
  );
}

function useRowView(onToggle: RowView["onToggle"], onTag: RowView["onTag"], setMenu: (menu: OpenMenu) => void): RowView {
  const { t } = useTranslation();
  const formats = useFormats();
  const canTag = usePermission("EDIT_TAGS");
  const [, navigate] = useLocation();
  return useMemo(
    () => ({
      t,
      formats,
      canTag,
      onToggle,
      onTag,
      onOpen: (id) => navigate(`/customers/${id}`),
      onMenu: (customer, button) => setMenu({ customer, button }),
    }),
    [t, formats, canTag, onToggle, onTag, navigate, setMenu],
  );
}

type HeadProps = Pick<Props["state"], "order" | "setOrder">;

// The order is a new object only where the address has changed.
const TableHead = memo(function TableHead(props: HeadProps) {
  return (
    <div className="table-row table-head" role="row" aria-rowindex={1}>
      {COLUMNS.map((column) => (
        <HeadCell key={column.name} {...column} {...props} />
      ))}
    </div>
  );
});

function HeadCell({ name, field, order, setOrder }: Column & HeadProps) {
  const { t } = useTranslation();
  const { direction } = order;
  const isSorted = field === order.field;
  const sort = isSorted ? (direction === "ASC" ? "ascending" : "descending") : field ? "none" : undefined;
  const text = t(`column.${name}`);
  return (
    <div role="columnheader" className={`cell cell-${name}`} aria-sort={sort}>
      {field ? (
        <button
          type="button"
          className="head-button"
          tabIndex={-1}
          onClick={() => setOrder(field, isSorted && direction === "ASC" ? "DESC" : "ASC")}
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
    if (first === 0 || !anchor || customers[first]?.id === anchor.id) return;
    const moved = customers.findIndex(({ id }) => id === anchor.id);
    if (moved < 0) return;
    element.scrollTop += (moved - first) * ROW_HEIGHT;
    if (moved > first) setEntered((count) => count + moved - first);
  }, [customers, scroller]);
  const showEntered = () => {
    setEntered(0);
    scroller.current?.scrollTo({ top: 0 });
  };
  return { entered, showEntered };
}
