// node sign_in.test.mjs DIRECTORY: signs in from GraphiQL of two servers, one of which has its issuer at the other, and
// from a page of another origin, whose files are in DIRECTORY as docs/sign-in.md prints them. The page's server listens
// on the port of PARTNERHUB_PAGE, which the API allows.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { openBrowser, until } from "./browser.mjs";
import { GraphiQLPage } from "./graphiql_page.mjs";

const [directory] = process.argv.slice(2);
const { PARTNERHUB_URL: api, PARTNERHUB_OTHER_URL: other, PARTNERHUB_PAGE: origin, PARTNERHUB_SCREENSHOTS } = process.env;
const packages = new URL("../node_modules/", import.meta.url);
const imports = {
  "oidc-client-ts": "/packages/oidc-client-ts/dist/esm/oidc-client-ts.js",
  "jwt-decode": "/packages/jwt-decode/build/esm/index.js",
  "graphql-ws": "/packages/graphql-ws/dist/client.js",
};
const PAGE = `<!doctype html><html lang="en"><title>Another page</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">globalThis.app = await import("./app.js");</script>
<button onclick="app.signIn.signIn()">Sign in</button> <button onclick="app.signIn.signOut()">Sign out</button></html>`;

const CREATE = 'mutation ($key: String!) { createTag(input: {name: $key, idempotencyKey: $key}) { tag { name } userErrors { code } } }';
const FOLLOW = "subscription ($after: String) { tagChanged(after: $after) { cursor tag { name } } }";

/** The token's field waits for so long after each key. */
const PAUSE_AFTER_TYPING_MS = 300;

async function servePage() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, origin);
    const [, name] = pathname.split("/packages/");
    const file = name ? new URL(name, packages) : pathname.endsWith(".js") && `${directory}${pathname}`;
    response.writeHead(200, { "content-type": file ? "text/javascript" : "text/html; charset=utf-8" });
    response.end(file ? readFileSync(file) : PAGE);
  });
  server.listen(Number(new URL(origin).port), "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function choose(page, name) {
  await page.getByRole("heading", { name: "Sign in to" }).waitFor();
  await page.getByRole("button", { name }).click();
}

async function graphiqlSignsInAndOut(graphiql) {
  const { page, tokenOwner } = graphiql;
  await graphiql.open(`${api}/graphql`);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await screenshotsOfTheChoice(page);
  await choose(page, "helpdesk@acme.example");
  await page.locator(".token-owner-known").waitFor();
  assert.match(await tokenOwner.innerText(), /Helpdesk_Administrator/);
  assert.equal(new URL(page.url()).search, "");
  await slowPageTakesAnAnswerThatComesLate(page.context());
  await otherTabsAreSignedInAndOutWithIt(page);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("alert").getByText("Nobody was chosen").waitFor();
  await page.locator(".token-owner-missing").waitFor();
  const stored = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  assert.ok(!stored.includes("access_token"), stored);
}

async function otherTabsAreSignedInAndOutWithIt(page) {
  const dashboard = await page.context().newPage();
  dashboard.setDefaultTimeout(60_000);
  await dashboard.goto(api);
  await dashboard.getByRole("heading", { name: /^Customers/ }).waitFor();
  // Chromium draws a hidden page once a second, and a click waits for two pictures.
  await page.bringToFront();
  await page.getByRole("button", { name: "Sign out" }).click();
  await dashboard.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await dashboard.close();
}

/** Runs in the page: its language is one whose texts are loaded, and messages of other tabs arrive late. */
function receiveLate(milliseconds) {
  Object.defineProperty(navigator, "language", { value: "sr-Latn" });
  const listen = BroadcastChannel.prototype.addEventListener;
  BroadcastChannel.prototype.addEventListener = function (kind, heard) {
    listen.call(this, kind, (event) => setTimeout(() => heard(event), milliseconds));
  };
}

/** The answer of the other tab comes after the time that a page waits for it, and before the page is shown. */
async function slowPageTakesAnAnswerThatComesLate(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.addInitScript(receiveLate, 300);
  await page.route("**/sr-Latn*.js", (route) => setTimeout(() => route.continue(), 1000));
  await page.goto(api);
  await page.getByRole("heading", { name: /^Kupci/ }).waitFor();
  await page.close();
}

/** Runs in the page: records what it takes out of its storage, such as the token of whoever is signed out. */
function recordRemovedKeys() {
  const remove = Storage.prototype.removeItem;
  globalThis.removedKeys = [];
  Storage.prototype.removeItem = function (key) {
    if (key === "partnerhub:token") globalThis.removedKeys.push(key);
    return remove.call(this, key);
  };
}

/** GraphiQL of a server whose issuer has another origin: its policy must allow the requests. */
async function graphiqlSignsInElsewhere(graphiql) {
  const { page, tokenOwner } = graphiql;
  await page.addInitScript(recordRemovedKeys);
  await graphiql.open(`${other}/graphql`);
  await page.waitForTimeout(PAUSE_AFTER_TYPING_MS);
  assert.deepEqual(await page.evaluate(() => globalThis.removedKeys), [], "a field that nobody touched gave a token");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await choose(page, "readonly@acme.example");
  await page.locator(".token-owner-known").waitFor();
  assert.match(await tokenOwner.innerText(), /Read_Only_Administrator/);
  assert.equal(page.url(), `${other}/graphql`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.locator(".token-owner-missing").waitFor();
}

async function screenshotsOfTheChoice(page) {
  if (!PARTNERHUB_SCREENSHOTS) return;
  await page.getByRole("heading", { name: "Sign in to" }).waitFor();
  await page.screenshot({ path: `${PARTNERHUB_SCREENSHOTS}/sign-in.png`, fullPage: true });
}

/** Runs in the page: creates a tag, and resolves to the first change of the feed. */
async function changeAndFollow({ create, follow, key }) {
  const { data } = await app.request("{ feedCursor }");
  const change = new Promise((resolve, reject) => {
    const operation = { query: follow, variables: { after: data.feedCursor } };
    app.feeds.subscribe(operation, { next: resolve, error: reject, complete: reject });
  });
  const made = await app.request(create, { key });
  return { made, change: await change };
}

async function anotherOriginQueriesMutatesAndSubscribes(page) {
  await page.goto(origin);
  await until(page, () => globalThis.app?.user === null);
  await page.getByRole("button", { name: "Sign in" }).click();
  await choose(page, "full@acme.example");
  await until(page, () => globalThis.app?.user);
  assert.equal(page.url(), `${origin}/`);
  assert.equal(await page.evaluate(() => app.user.profile.email), "full@acme.example");
  const query = "{ viewer { administrator { id email } partner { name } } }";
  const { data } = await page.evaluate((text) => app.request(text), query);
  assert.equal(data.viewer.administrator.email, "full@acme.example");
  assert.equal(data.viewer.administrator.id, await page.evaluate(() => app.user.profile.sub));
  const key = "from another origin";
  const { made, change } = await page.evaluate(changeAndFollow, { create: CREATE, follow: FOLLOW, key });
  assert.deepEqual(made.data.createTag, { tag: { name: key }, userErrors: [] });
  assert.equal(change.data.tagChanged.tag.name, key);
  await page.reload();
  await until(page, () => globalThis.app?.user);
  await page.getByRole("button", { name: "Sign out" }).click();
  await until(page, () => globalThis.app?.user === null);
}

const browser = await openBrowser(api);
const server = await servePage();
try {
  await graphiqlSignsInAndOut(new GraphiQLPage(await browser.context.newPage(), PARTNERHUB_SCREENSHOTS));
  assert.deepEqual(browser.foreign, []);
  await graphiqlSignsInElsewhere(new GraphiQLPage(await browser.context.newPage(), PARTNERHUB_SCREENSHOTS));
  const page = await browser.context.newPage();
  page.setDefaultTimeout(60_000);
  await anotherOriginQueriesMutatesAndSubscribes(page);
  assert.deepEqual(browser.complaints, []);
  console.log("PASSED");
} catch (failure) {
  console.error("the console:", browser.complaints);
  throw failure;
} finally {
  server.close();
  await browser.close();
}
