/**
 * Who works with the keyboard never falls back to the top of the page: where what has the focus goes away, such as a row
 * that is deleted or a button whose work is done, its nearest neighbor gets the focus.
 */

const TABBABLE = "a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex]";
/** What lies over the page returns the focus by itself. */
const LAYERS = "[role=dialog], [role=menu], [role=listbox], [data-react-aria-top-layer]";
/** A dialog that closes, and a menu, move the focus a picture later. */
const PATIENCE_MILLISECONDS = 60;

interface Place {
  element: Element;
  /** Its place among the children of its parent, which is the element of the next place. */
  index: number;
}

/** From the element up to the content of the page. */
function placesOf(element: Element): Place[] {
  const places: Place[] = [];
  for (let each: Element | null = element; each?.parentElement; each = each.id === "main" ? null : each.parentElement)
    places.push({ element: each, index: [...each.parentElement.children].indexOf(each) });
  return places;
}

function isTabbable(element: Element): element is HTMLElement {
  return element instanceof HTMLElement && element.matches(TABBABLE) && element.tabIndex >= 0 && element.checkVisibility();
}

function firstIn(element: Element): HTMLElement | undefined {
  return isTabbable(element) ? element : [...element.querySelectorAll(TABBABLE)].find(isTabbable);
}

/** What follows the element that is gone, or else stands before it, in the nearest of its ancestors that has something. */
function neighborOf(places: readonly Place[]): HTMLElement | undefined {
  for (const [level, { element, index }] of places.entries()) {
    const parent = places[level + 1]?.element;
    if (!parent?.isConnected) continue;
    const children = [...parent.children];
    const found = [...children.slice(index), ...children.slice(0, index).reverse()].filter((child) => child !== element).map(firstIn).find(Boolean);
    if (found ?? isTabbable(parent)) return found ?? (parent as HTMLElement);
  }
  return undefined;
}

/** Returns what ends it. */
export function keepFocus(): () => void {
  let places: readonly Place[] = [];
  let timer = 0;
  const end = new AbortController();
  const recover = () => {
    if (document.activeElement !== document.body || places[0]?.element.isConnected !== false) return;
    (neighborOf(places) ?? document.getElementById("main"))?.focus();
  };
  const observer = new MutationObserver(() => {
    if (places[0]?.element.isConnected !== false) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(recover, PATIENCE_MILLISECONDS);
  });
  observer.observe(document.body, { childList: true, subtree: true });
  document.addEventListener(
    "focusin",
    ({ target }) => {
      if (target instanceof Element && !target.closest(LAYERS)) places = placesOf(target);
    },
    { signal: end.signal },
  );
  // Who presses where nothing takes the focus has left it.
  document.addEventListener(
    "pointerdown",
    ({ target }) => {
      if (target instanceof Element && !target.closest(LAYERS)) places = [];
    },
    { signal: end.signal, capture: true },
  );
  return () => {
    end.abort();
    observer.disconnect();
    window.clearTimeout(timer);
  };
}
