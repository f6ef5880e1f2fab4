/** What steps of several pages look for, and what holds on every page at every width: nothing is wider than its place, figures of a column stand below each other. */
import assert from "node:assert/strict";
import { until } from "./browser.mjs";

/** A figure with its sign and unit; a date or a sentence is none. */
const FIGURE = String.raw`^[+−-]?[\d.,\u00a0\u202f]+(\s?(%|ms|s|[A-Z]{3}|\p{Sc}))?$|^\p{Sc}[\d.,]+$`;

/** A row of a table by a text that stands in it. */
export const row = (page, name) => page.getByRole("row").filter({ hasText: name });

/** Waits until the list of customers has this many. */
export const showsTotal = (page, count) => until(page, (text) => document.querySelector(".customers-total")?.textContent === text, String(count));

/** Who works with the keyboard goes on beside what has gone away, not at the top of the page. */
export function keepsTheFocus(page) {
  return until(page, () => document.activeElement.closest("main") !== null);
}

export async function hasItsShape(page, where) {
  assert.deepEqual(await page.evaluate(faultsOf, FIGURE), [], where);
}

function faultsOf(pattern) {
  const figure = new RegExp(pattern, "u");
  const faults = [];
  const name = ({ localName, className }) => `<${localName} class="${className}">`;
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} pixels wide`);
  // The list of customers is as wide as its columns need below 1100 pixels; on a phone it has three of them.
  for (const element of document.querySelectorAll("main, main *, header *")) {
    const { overflowX, textAlign, fontVariantNumeric, display } = getComputedStyle(element);
    if (/auto|scroll/.test(overflowX) && element.clientWidth > 1 && element.scrollWidth > element.clientWidth && !(element.matches(".table, .views-list") && innerWidth >= 640))
      faults.push(`${name(element)} scrolls sideways: ${element.scrollWidth} in ${element.clientWidth} pixels`);
    if (display !== "table-cell" || element.localName !== "td" || !figure.test(element.innerText.trim())) continue;
    const head = element.closest("table").tHead.rows[0].cells[element.cellIndex];
    if (textAlign !== "end" || getComputedStyle(head).textAlign !== "end") faults.push(`the figure ${element.innerText} is not at the end of its column`);
    if (!fontVariantNumeric.includes("tabular-nums")) faults.push(`the figure ${element.innerText} has no tabular digits`);
  }
  return faults;
}
