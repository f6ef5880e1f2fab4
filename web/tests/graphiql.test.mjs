/**
 * GraphiQL against a running server, in Chromium. Environment:
 *   PARTNERHUB_URL, PARTNERHUB_TOKEN   the server and a token that sees every customer
 *   PARTNERHUB_CUSTOMER                externalId of the customer whose status will change
 *   PARTNERHUB_TRIGGER                 a command that makes it change; without it the line "SUBSCRIBED"
 *                                      goes to standard output, and whoever reads it makes the change
 *   PARTNERHUB_SCREENSHOTS             a directory for pictures, where they are wanted
 */
import assert from "node:assert/strict";
import { execSync } from "node:child_process";
import { isAccessible } from "./accessibility.mjs";
import { openBrowser } from "./browser.mjs";
import { GraphiQLPage } from "./graphiql_page.mjs";

const { PARTNERHUB_URL, PARTNERHUB_TOKEN, PARTNERHUB_CUSTOMER, PARTNERHUB_TRIGGER, PARTNERHUB_SCREENSHOTS } =
  process.env;
const origin = new URL(PARTNERHUB_URL).origin;
const address = `${origin}/graphql`;

async function feedCursor() {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${PARTNERHUB_TOKEN}` },
    body: JSON.stringify({ query: "{ feedCursor }" }),
  });
  return (await answer.json()).data.feedCursor;
}

function makeTheChange() {
  if (PARTNERHUB_TRIGGER) execSync(PARTNERHUB_TRIGGER, { stdio: "ignore" });
  else console.log("SUBSCRIBED");
}

async function asksForATokenFirst(graphiql) {
  assert.equal(await graphiql.page.title(), "partnerhub – GraphiQL");
  assert.match(await graphiql.tokenOwner.innerText(), /Paste a token/);
  await graphiql.run();
  await graphiql.response("No access token yet", "UNAUTHENTICATED");
  await graphiql.screenshot("1-without-a-token");
}

async function knowsWhoseTokenItIs(graphiql) {
  assert.match(await graphiql.giveToken(`Bearer ${PARTNERHUB_TOKEN}`), / · /);
  const kept = await graphiql.page.evaluate(() => sessionStorage.getItem("partnerhub:token"));
  assert.equal(kept, PARTNERHUB_TOKEN);
}

async function runsTheFirstOperation(graphiql) {
  await graphiql.run();
  const answer = JSON.parse(await graphiql.response('"totalCount"', '"pageInfo"'));
  assert.equal(answer.errors, undefined);
  await graphiql.screenshot("2-a-query");
}

async function checksOperationsWithTheSchema(graphiql) {
  await graphiql.complaintsOfTheWorker("");
  const text = await graphiql.page.evaluate(() =>
    globalThis.__MONACO.editor
      .getModels()
      .find(({ uri }) => uri.path.endsWith("operation.graphql"))
      .getValue(),
  );
  await graphiql.setOperation("query Misspelled { viewerr { permissions } }");
  await graphiql.complaintsOfTheWorker("viewerr");
  await graphiql.setOperation(text);
  await graphiql.complaintsOfTheWorker("");
}

async function keepsTheTokenOverAReload(graphiql) {
  await graphiql.open(address);
  await graphiql.page.locator(".token-owner-known").waitFor();
}

async function opensTheOperationOfALink(graphiql) {
  const query = "query Other { feedCursor } query Linked($first: Int!) { customers(first: $first) { totalCount } }";
  const link = { query, variables: '{"first": 1}', operationName: "Linked" };
  await graphiql.open(`${address}?${new URLSearchParams(link)}`);
  await graphiql.page.locator(".token-owner-known").waitFor();
  assert.match(await graphiql.variables(), /"first": 1/);
  await graphiql.run();
  assert.equal(JSON.parse(await graphiql.response('"totalCount"')).errors, undefined);
}

async function runsEverySavedOperation(graphiql) {
  const titles = await graphiql.samples();
  assert.ok(titles.length >= 9, `only ${titles}`);
  for (const title of titles.filter((each) => !each.startsWith("Live"))) {
    await graphiql.openSample(title);
    if ((await graphiql.variables()).includes("externalId"))
      await graphiql.setVariables({ externalId: PARTNERHUB_CUSTOMER });
    await graphiql.run();
    const answer = JSON.parse(await graphiql.response('"data"'));
    assert.equal(answer.errors, undefined, title);
    for (const { userErrors } of Object.values(answer.data)) assert.deepEqual(userErrors ?? [], [], title);
  }
  await graphiql.screenshot("3-one-customer");
}

async function explainsCosts(graphiql) {
  const { page } = graphiql;
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  await page.getByRole("link", { name: "Query", exact: true }).click();
  await page.getByRole("link", { name: "customers", exact: true }).click();
  await page.getByText("Needs the permission READ_CUSTOMERS.").waitFor();
  await page.getByText(/^Cost: 10\. Length: first or last; without, 25\.$/).waitFor();
  await page.getByRole("button", { name: "Hide Documentation Explorer" }).click();
}

async function worksOnAPhone(graphiql) {
  const { page } = graphiql;
  await page.setViewportSize({ width: 390, height: 844 });
  const editors = await page.locator(".graphiql-editors").boundingBox();
  const answer = await page.locator(".graphiql-response").boundingBox();
  assert.ok(editors.width > 350 && answer.width > 350 && answer.y >= editors.y + editors.height, "not below each other");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  await graphiql.screenshot("5-a-phone");
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function isReadableInTheDark(graphiql) {
  await graphiql.page.emulateMedia({ colorScheme: "dark" });
  await graphiql.openSample("Customers that need attention");
  await graphiql.page.locator(".graphiql-query-editor").getByText("# Customers that need attention").waitFor();
  await isAccessible(graphiql.page);
  await graphiql.screenshot("7-dark");
  await graphiql.page.emulateMedia({ colorScheme: "light" });
}

async function receivesAChange(graphiql) {
  const after = await feedCursor();
  await graphiql.openSample("Live: customer status changes");
  // From a cursor on, so that the change may come before the server has accepted the subscription.
  await graphiql.setVariables({ after });
  await graphiql.run();
  await graphiql.page.getByRole("button", { name: "Stop query" }).waitFor();
  makeTheChange();
  const change = JSON.parse(await graphiql.response(PARTNERHUB_CUSTOMER)).data.customerStatusChanged;
  assert.equal(change.customer.externalId, PARTNERHUB_CUSTOMER);
  assert.ok(change.entered.length + change.left.length > 0);
  const log = graphiql.page.getByRole("region", { name: "Events of the subscription" });
  await log.getByText("customerStatusChanged").first().click();
  await log.getByText(`"externalId": "${PARTNERHUB_CUSTOMER}"`).waitFor();
  await graphiql.screenshot("4-a-change");
}

async function refusesABadToken(graphiql, sockets) {
  const before = sockets.length;
  assert.match(await graphiql.giveToken("not-a-token"), /^Not accepted/);
  // The running subscription is started again as whoever the new token names: nobody.
  // The feed says that its token was refused, the schema that its token is not valid: the later one stays on the page.
  await graphiql.response("token");
  for (const end = Date.now() + 30_000; sockets.length === before; ) {
    assert.ok(Date.now() < end, "the socket was not opened again");
    await graphiql.page.waitForEvent("websocket", { timeout: 1_000 }).catch(() => undefined);
  }
  await graphiql.screenshot("6-a-refused-token");
}

const browser = await openBrowser(origin);
const graphiql = new GraphiQLPage(await browser.context.newPage(), PARTNERHUB_SCREENSHOTS);
try {
  await graphiql.open(address);
  await asksForATokenFirst(graphiql);
  await knowsWhoseTokenItIs(graphiql);
  await runsTheFirstOperation(graphiql);
  await keepsTheTokenOverAReload(graphiql);
  await checksOperationsWithTheSchema(graphiql);
  await opensTheOperationOfALink(graphiql);
  await explainsCosts(graphiql);
  await runsEverySavedOperation(graphiql);
  await isReadableInTheDark(graphiql);
  await receivesAChange(graphiql);
  await worksOnAPhone(graphiql);
  assert.deepEqual(browser.complaints, []);
  await refusesABadToken(graphiql, browser.sockets);
  assert.deepEqual(browser.foreign, []);
  console.log("PASSED");
} catch (failure) {
  console.error("the response pane:", await graphiql.response());
  console.error("the console:", browser.complaints);
  await graphiql.screenshot("0-failed");
  throw failure;
} finally {
  await browser.close();
}
