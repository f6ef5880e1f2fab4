/** The keys of the list: j and k move, x selects, t tags, Enter opens. */
import { useEffect, useRef, useState } from "react";
import { isOccupied } from "../frame/frame_keys";

interface Options {
  count: number;
  idAt(index: number): string | undefined;
  scrollTo(index: number): void;
  onOpen(id: string): void;
  onToggle(id: string): void;
  onTag(id: string): void;
}

/** Returns the index of the active row; -1 while none is. */
export function useListKeys(options: Options): number {
  const [active, setActive] = useState(-1);
  const latest = useRef({ options, active });
  latest.current = { options, active };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isOccupied(event)) return;
      const { options, active } = latest.current;
      const move = (index: number) => {
        const next = Math.max(0, Math.min(options.count - 1, index));
        setActive(next);
        options.scrollTo(next);
      };
      const id = options.idAt(active);
      if (event.key === "j" || event.key === "ArrowDown") move(active + 1);
      else if (event.key === "k" || event.key === "ArrowUp") move(active - 1);
      else if (event.key === "Enter" && id) options.onOpen(id);
      else if (event.key === "x" && id) options.onToggle(id);
      else if (event.key === "t" && id) options.onTag(id);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return active;
}
