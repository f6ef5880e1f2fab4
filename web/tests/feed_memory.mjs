/**
 * Sends 10,000 events of the feed to the list of customers and prints the heap of the page before and after, each time
 * after the garbage was collected; run by hand:
 *   PARTNERHUB_URL=http://127.0.0.1:8000 PARTNERHUB_TOKEN=… node feed_memory.mjs
 * The server's own connection is used; the events are made here: half of them change a row, the others take one off the
 * list and put it back. It fails where the heap has grown by more than 2 MB. EVENTS=50000 for a longer run.
 */
import assert from "node:assert/strict";
import { heapBytes, megabytes, openCustomers } from "./customers_page.mjs";

const { EVENTS = "10000" } = process.env;
const MOST_BYTES = 2_000_000;
const BATCH = 200;

let rows;
async function keepRows(route) {
  const response = await route.fetch();
  const { data } = await response.json();
  rows ??= data?.customers.nodes;
  return route.fulfill({ response });
}
let sendEvent;
const followList = (page) => page.routeWebSocket(/\/graphql$/, (socket) => {
  const server = socket.connectToServer();
  socket.onMessage((message) => {
    const { id, type, payload } = JSON.parse(message);
    if (type === "subscribe" && payload.query?.includes("customerListChanged")) {
      sendEvent = (change) => socket.send(JSON.stringify({ id, type: "next", payload: { data: { customerListChanged: change } } }));
    }
    server.send(message);
  });
});
const { page, browser, session } = await openCustomers(keepRows, followList);
for (const end = Date.now() + 60_000; !sendEvent || !rows; ) {
  assert.ok(Date.now() < end, "the page follows no list");
  await page.waitForTimeout(100);
}
async function heap() {
  // What the last events have started comes to its end first.
  await page.waitForLoadState("networkidle");
  return heapBytes(session);
}

let sent = 0;
function nextEvent() {
  const customer = rows[Math.floor(sent / 4) % rows.length];
  const assigned = sent % 1_000;
  const changed = { ...customer, version: customer.version + sent, licenses: customer.licenses.map((line) => ({ ...line, assigned })) };
  const kind = ["UPDATED", "LEFT", "ENTERED", "UPDATED"][sent % 4];
  sent += 1;
  // A cursor that no connection will use: this one stays.
  return { cursor: `event ${sent}`, kind, customerId: customer.id, customer: kind === "LEFT" ? null : { ...changed, __typename: "Customer" } };
}

async function receive(count) {
  for (const end = sent + count; sent < end; ) {
    for (let place = 0; place < BATCH; place += 1) sendEvent(nextEvent());
    // The page has handled a batch before it gets the next one.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  }
}

await receive(2_000);
const before = await heap();
await receive(Number(EVENTS));
const after = await heap();
console.log(`heap ${megabytes(before)} before, ${megabytes(after)} after ${EVENTS} events`);
await browser.close();
assert.ok(after - before < MOST_BYTES, `grown by ${megabytes(after - before)}`);
