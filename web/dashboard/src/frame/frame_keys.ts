/** The keys of every page: / searches, ? shows all keys. */
import { useEffect, useRef } from "react";

/** The search of the page itself, where it has one. */
const SEARCH_FIELDS = "#customer-search, #page-search";

export function useFrameKeys(keys: { onSearch(): void; onHelp(): void }): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isOccupied(event)) return;
      const field = document.querySelector<HTMLElement>(SEARCH_FIELDS);
      if (event.key === "?") latest.current.onHelp();
      else if (event.key !== "/") return;
      else if (field) field.focus();
      else latest.current.onSearch();
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** Whether the key belongs to something else: a field, a menu, a dialog, a shortcut of the browser. */
export function isOccupied(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (document.querySelector("[role=dialog], [role=menu]")) return true;
  // A button or link keeps the keys that press it.
  const pressed = event.key === "Enter" || event.key === " " ? ", button, a" : "";
  return target?.closest(`input:not([type=checkbox]), textarea, select${pressed}`) != null;
}
