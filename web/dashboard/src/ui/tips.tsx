/** The one tooltip of the pages. It shows `data-tip` of what a pointer rests on, or of what has the visible focus. */
import { useEffect, useState } from "react";
import "./tips.css";

const DELAY_MILLISECONDS = 300;
const GAP = 4;
const MOST_WIDTH = 320;
/** Nearer to the lower edge, the tooltip stands above. */
const MOST_HEIGHT = 160;

interface Tip {
  text: string;
  place: { left: number; top?: number; bottom?: number };
}

function tipOf(anchor: HTMLElement): Tip {
  const { left, top, bottom } = anchor.getBoundingClientRect();
  const side = Math.max(GAP, Math.min(left, innerWidth - MOST_WIDTH - GAP));
  const isLow = bottom + MOST_HEIGHT > innerHeight;
  return { text: anchor.dataset.tip ?? "", place: { left: side, ...(isLow ? { bottom: innerHeight - top + GAP } : { top: bottom + GAP }) } };
}

function anchorAt(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-tip]") : null;
}

/** Calls back with the tip to show, null for none; returns what ends that. */
function watch(onTip: (tip: Tip | null) => void): () => void {
  const end = new AbortController();
  let anchor: HTMLElement | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = (next: HTMLElement | null, delay: number) => {
    if (next === anchor) return;
    anchor = next;
    clearTimeout(timer);
    onTip(null);
    if (next) timer = setTimeout(() => next.isConnected && onTip(tipOf(next)), delay);
  };
  const hide = () => show(null, 0);
  const options = { signal: end.signal, capture: true, passive: true };
  document.addEventListener(
    "pointerover",
    ({ target }) => {
      // Who moves into the tooltip may read it.
      if (!(target instanceof Element && target.closest(".tooltip"))) show(anchorAt(target), DELAY_MILLISECONDS);
    },
    options,
  );
  document.addEventListener("focusin", ({ target }) => target instanceof Element && target.matches(":focus-visible") && show(anchorAt(target), 0), options);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide(), options);
  for (const kind of ["focusout", "pointerdown", "scroll"]) document.addEventListener(kind, hide, options);
  return () => {
    end.abort();
    clearTimeout(timer);
  };
}

export function Tips() {
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => watch(setTip), []);
  if (!tip) return null;
  // Readers have the same text as the name of what is described.
  return (
    <div className="tooltip" style={tip.place} aria-hidden="true">
      {tip.text.split("\n").map((line) => (
        <TipLine key={line} line={line} />
      ))}
    </div>
  );
}

/** A name and its value have a tab between them. */
function TipLine({ line }: { line: string }) {
  const [name, value] = line.split("\t");
  return (
    <div className="tooltip-line">
      <span>{name}</span>
      {value !== undefined && <span className="numbers">{value}</span>}
    </div>
  );
}
