/** How many of the chips without a value fit into the lines of the query bar; the others wait in a menu. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

const LINES = 2;

/** Marks a chip that gives way. */
export const GIVES_WAY = { "data-gives-way": "" };

/** `key` names what decides how wide the chips are. The first drawing of a key has all `most` of them, and is measured. */
export function useRoom(most: number, key: string): [bar: RefObject<HTMLDivElement | null>, room: number] {
  const bar = useRef<HTMLDivElement>(null);
  const [measured, setMeasured] = useState<{ key: string; room: number } | null>(null);
  const room = measured?.key === key ? measured.room : null;
  useLayoutEffect(() => {
    if (room === null && bar.current) setMeasured({ key, room: roomIn(bar.current) });
  }, [key, room]);
  useEffect(() => {
    if (!bar.current) return;
    let width = bar.current.clientWidth;
    const observer = new ResizeObserver(([entry]) => {
      const element = entry?.target as HTMLElement;
      // Names that come after the measuring, such as those of tags, may need another line.
      const isResized = element.clientWidth !== width;
      width = element.clientWidth;
      if (isResized) setMeasured(null);
      else if (linesOf(widthsIn(element), element) > LINES) setMeasured((present) => (present?.room === 0 ? present : null));
    });
    observer.observe(bar.current);
    return () => observer.disconnect();
  }, []);
  return [bar, room ?? most];
}

interface Item {
  width: number;
  givesWay: boolean;
}

function widthsIn(bar: HTMLElement): Item[] {
  return [...bar.children].map((item) => ({ width: item.getBoundingClientRect().width, givesWay: item.hasAttribute("data-gives-way") }));
}

function roomIn(bar: HTMLElement): number {
  const items = widthsIn(bar);
  let room = items.filter(({ givesWay }) => givesWay).length;
  while (room > 0 && linesOf(itemsWith(items, room), bar) > LINES) room -= 1;
  return room;
}

function itemsWith(items: readonly Item[], room: number): Item[] {
  let given = 0;
  return items.filter(({ givesWay }) => !givesWay || (given += 1) <= room);
}

function linesOf(items: readonly Item[], bar: HTMLElement): number {
  const { columnGap, paddingInlineStart, paddingInlineEnd } = getComputedStyle(bar);
  const most = bar.clientWidth - parseFloat(paddingInlineStart) - parseFloat(paddingInlineEnd);
  const gap = parseFloat(columnGap);
  let lines = 1;
  let used = 0;
  for (const { width } of items) {
    if (used > 0 && used + gap + width > most + 0.5) {
      lines += 1;
      used = width;
    } else used += (used > 0 ? gap : 0) + width;
  }
  return lines;
}
