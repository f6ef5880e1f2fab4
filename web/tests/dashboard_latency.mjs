/** An import that causes a license overage changes the row, the tile and the widget within a second, without a reload. */
import assert from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";

const LIMIT_MS = 1_000;
const ATTEMPTS = 5;

/** Where each page shows the overage: a selector, in the shadow of an element or not, and texts in one such element. */
const PLACES = [
  { name: "page", selector: ".table-data", texts: ["Alpine Bakery", "License overage"] },
  { name: "analytics", selector: ".tile", texts: ["Over the license limit", "1"] },
  { name: "widgets", host: "customer-statuses", selector: "button", texts: ["Alpine Bakery"] },
  { name: "widgets", host: "partner-kpis", selector: ".overLicenseLimit dd", texts: ["1"] },
];

/** Runs in a page: resolves to the moment at which an element with the texts is there, or (`isGone`) is there no more. */
function whenShown({ host, selector, texts, isGone }) {
  const root = host ? document.querySelector(host).shadowRoot : document.body;
  const isThere = () => [...root.querySelectorAll(selector)].some(({ textContent }) => texts.every((text) => textContent.includes(text)));
  return new Promise((done) => {
    const look = () => isThere() !== isGone && (observer.disconnect(), done(Date.now()));
    const observer = new MutationObserver(look);
    observer.observe(root, { subtree: true, childList: true, characterData: true });
    look();
  });
}

/** `ask` makes the test import the customer with an overage ("overage"), or without ("relief"). */
export async function changesWithinASecond(ask, pages) {
  const change = async (name, isGone) => {
    const shown = PLACES.map((place) => pages[place.name].evaluate(whenShown, { ...place, isGone }));
    const begin = Date.now();
    await ask(name);
    return Math.max(...(await Promise.all(shown))) - begin;
  };
  const times = [await change("overage", false)];
  // The machine may run other tests: one of some attempts has to be in time, in the share of a core that a process gets.
  while (Math.min(...times) > LIMIT_MS && times.length < ATTEMPTS) {
    await change("relief", true);
    times.push(await change("overage", false));
  }
  const limit = LIMIT_MS * Math.max(1, loadavg()[0] / availableParallelism());
  assert.ok(Math.min(...times) <= limit, `row, tile and widget changed after ${times} ms; the limit is ${limit} ms`);
}
