/**
 * The element in which each visible customer is drawn. A row that scrolls out of view leaves its element to the one that
 * scrolls in, because to make the fifty nodes of a row costs more than to change them.
 */
import { type RefObject, useLayoutEffect, useRef } from "react";

export interface PlacedRow {
  index: number;
  id: string;
  slot: number;
  start: number;
}

/** Returns the rows with their slots, in the order in which they are to stand in the document. */
export function useRowSlots(rows: readonly Omit<PlacedRow, "slot">[], isScrolling: boolean): PlacedRow[] {
  const taken = useRef<ReadonlyMap<string, number>>(new Map());
  const next = new Map<string, number>();
  for (const { id } of rows) {
    const slot = taken.current.get(id);
    if (slot !== undefined) next.set(id, slot);
  }
  const used = new Set(next.values());
  let free = 0;
  for (const { id } of rows) {
    if (next.has(id)) continue;
    while (used.has(free)) free += 1;
    next.set(id, free);
    used.add(free);
  }
  taken.current = next;
  const placed = rows.map((row) => ({ ...row, slot: next.get(row.id) ?? 0 }));
  // To move an element costs as much as to make it, so they are in the order of the list, as readers need it, at rest.
  return isScrolling ? placed.sort((one, other) => one.slot - other.slot) : placed;
}

const idAt = (element: Element | null) => element?.closest<HTMLElement>("[data-customer]")?.dataset.customer;

/** Gives the focus to the table where the element that has it has come to show another customer. */
export function useFocusOfCustomer(table: RefObject<HTMLElement | null>): () => void {
  const focused = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (focused.current === undefined) return;
    const present = idAt(document.activeElement);
    if (present !== undefined && present !== focused.current) table.current?.focus({ preventScroll: true });
    if (present !== focused.current) focused.current = undefined;
  });
  return () => {
    focused.current = idAt(document.activeElement);
  };
}
