/**
 * Scrolls through 200,000 customers and prints frames a second and memory; run by hand:
 *   PARTNERHUB_URL=http://127.0.0.1:8000 PARTNERHUB_TOKEN=… node scroll_trace.mjs
 * The rows are copies of the server's first ones: what is measured is the page. FRAMES=600 for a longer run.
 */
import { heapBytes, megabytes, openCustomers } from "./customers_page.mjs";

const { FRAMES = "150" } = process.env;
const ROWS = 200_000;

let served = 0;
let rows;
async function serve(route, variables) {
  if (!rows) {
    const answer = await (await route.fetch()).json();
    if (!answer.data) return route.continue();
    rows = answer;
  }
  const { customers } = rows.data;
  const nodes = Array.from({ length: Math.min(variables.first, ROWS - served) }, (_, place) => {
    const row = customers.nodes[(served + place) % customers.nodes.length];
    return { ...row, id: `cus_${served + place}`, sortName: String(served + place).padStart(6, "0") };
  });
  served += nodes.length;
  const pageInfo = { ...customers.pageInfo, hasNextPage: served < ROWS, endCursor: String(served) };
  await route.fulfill({ json: { ...rows, data: { ...rows.data, customers: { ...customers, nodes, pageInfo } } } });
}

const { page, browser, session, milliseconds } = await openCustomers(serve);
const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
console.log(`first contentful paint ${Math.round(paint)} ms, first row after ${milliseconds} ms`);
// Processor time of the page's thread, which another load on the machine does not change much.
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const KINDS = { all: "TaskDuration", scripts: "ScriptDuration", style: "RecalcStyleDuration", layout: "LayoutDuration" };
async function threadSeconds() {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.entries(KINDS).map(([kind, metric]) => [kind, metrics.find(({ name }) => name === metric).value]);
}
for (let round = 1; round <= 3; round += 1) {
  const before = Object.fromEntries(await threadSeconds());
  const deltas = await page.evaluate(
    (frames) =>
      new Promise((done) => {
        const table = document.querySelector(".table");
        const found = [];
        let last = performance.now();
        const step = (now) => {
          found.push(now - last);
          last = now;
          table.scrollTop += 120;
          if (found.length <= frames) requestAnimationFrame(step);
          else done(found.slice(1));
        };
        requestAnimationFrame(step);
      }),
    Number(FRAMES),
  );
  const sum = deltas.reduce((one, other) => one + other, 0);
  const slow = deltas.filter((delta) => delta > 1_000 / 50 + 1).length;
  const shares = (await threadSeconds()).map(([kind, seconds]) => `${kind} ${((1_000 * (seconds - before[kind])) / deltas.length).toFixed(1)}`);
  console.log(`page's thread, ms a frame: ${shares.join(", ")}; ${(1_000 * deltas.length / sum).toFixed(1)} frames a second, ${slow} of ${deltas.length} longer than 20 ms; ${served} rows; ${await page.locator(".table-data").count()} in the page; heap ${megabytes(await heapBytes(session))}`);
}
await browser.close();
