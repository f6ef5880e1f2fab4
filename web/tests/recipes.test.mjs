// node --experimental-websocket recipes.test.mjs DIRECTORY LIBRARY: runs a recipe of docs/for-spa-developers.md, whose
// files are in DIRECTORY as they are printed there, over a connection that breaks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, connect } from "node:net";
import { createRequire } from "node:module";
import { json } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const [directory, library] = process.argv.slice(2);
const { PARTNERHUB_URL: address, PARTNERHUB_TOKEN: secret, PARTNERHUB_IMPORT_TOKEN: importSecret } = process.env;
const token = () => secret;
const warnings = [];
console.warn = console.error = (...texts) => warnings.push(texts.join(" "));

// ─── The server, the breakable way to it, and what is sent over websockets ──

async function post(path, authorization, body) {
  const headers = { authorization: `Bearer ${authorization}`, "content-type": "application/json" };
  // A connection for each request: fetch would use one again that the server has closed meanwhile.
  const outgoing = request(`${address}${path}`, { method: "POST", headers, agent: false });
  outgoing.end(JSON.stringify(body));
  const [incoming] = await once(outgoing, "response");
  return json(incoming);
}

async function ask(query, variables) {
  const { data, errors } = await post("/graphql", secret, { query, variables });
  assert.equal(errors, undefined);
  return data;
}

async function openGate() {
  const server = new URL(address);
  const sockets = new Set();
  let isOpen = true;
  const gate = createServer((client) => {
    if (!isOpen) return client.destroy();
    const upstream = connect(Number(server.port), server.hostname);
    for (const [from, to] of [[client, upstream], [upstream, client]]) {
      sockets.add(from);
      from.on("error", () => {}).on("close", () => to.destroy()).pipe(to);
    }
  });
  await new Promise((done) => gate.listen(0, "127.0.0.1", done));
  const close = () => sockets.forEach((socket) => socket.destroy());
  return {
    address: `http://127.0.0.1:${gate.address().port}`,
    breakDown() { isOpen = false; close(); },
    repair() { isOpen = true; },
  };
}

const sent = [];
const received = [];
globalThis.WebSocket = class extends WebSocket {
  constructor(...parameters) {
    super(...parameters);
    this.addEventListener("message", ({ data }) => received.push(JSON.parse(data)));
  }
  send(text) {
    sent.push(JSON.parse(text));
    super.send(text);
  }
};

async function until(condition, what) {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 1_500) throw new Error(`${what} did not come: ${JSON.stringify(received.slice(-3))}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

// ─── The libraries ──────────────────────────────────────────────────────────

const load = (file) => import(pathToFileURL(`${directory}/${file}`));

async function useApollo(gate, filter) {
  const { createApolloClient, CUSTOMERS, followCustomers } = await load("apollo.js");
  const client = createApolloClient(gate.address, token);
  const firstPage = { query: CUSTOMERS, variables: { filter, first: 1 } };
  const { data } = await client.query(firstPage);
  const query = client.watchQuery(firstPage);
  query.subscribe(() => {});
  await query.fetchMore({ variables: { filter, first: 50, after: data.customers.pageInfo.endCursor } });
  const subscription = followCustomers(client, filter, data.feedCursor);
  const list = () => client.readQuery({ query: CUSTOMERS, variables: { filter } }).customers.nodes;
  return { list, stop: () => { subscription.unsubscribe(); client.stop(); } };
}

/** The client package with Apollo: its link over a websocket, or over server-sent events. */
async function usePackage(gate, filter) {
  const { CUSTOMERS, followCustomers } = await load("apollo.js");
  const { createApolloClient } = await load("apollo_client.js");
  const { createEventStreamFeedClient, createFeedClient } = await load("node_modules/@partnerhub/client/dist/index.js");
  const create = library === "package" ? createFeedClient : createEventStreamFeedClient;
  const feeds = create({ address: gate.address, token });
  const states = [];
  feeds.onState((state) => states.push(state));
  const client = createApolloClient(gate.address, token, library === "package" ? feeds : recorded(feeds));
  const { data } = await client.query({ query: CUSTOMERS, variables: { filter } });
  const subscription = followCustomers(client, filter, data.feedCursor);
  const list = () => client.readQuery({ query: CUSTOMERS, variables: { filter } }).customers.nodes;
  const check = async () => {
    assert.deepEqual(states.filter((state) => state !== "connecting").slice(0, 3), ["idle", "live", "reconnecting"]);
    const before = subscriptions().length;
    feeds.reconnect();
    await until(() => subscriptions().length > before && states.at(-1) === "live", "The new connection");
    await showsARefusal(create);
    await closesWhileItConnects(create);
  };
  return { list, check, stop: () => { subscription.unsubscribe(); feeds.close(); client.stop(); } };
}

/** A feed client that notes what goes over it, as the websocket above does. */
function recorded(feeds) {
  const send = globalThis.fetch;
  globalThis.fetch = (url, init) => {
    if (String(url).endsWith("/graphql/stream")) sent.push({ type: "subscribe", payload: JSON.parse(init.body) });
    return send(url, init);
  };
  const subscribe = (operation, sink) =>
    feeds.subscribe(operation, { ...sink, next: (payload) => { received.push({ type: "next", payload }); sink.next(payload); } });
  return { ...feeds, subscribe };
}

async function showsARefusal(create) {
  const feeds = create({ address, token: () => "not-a-token" });
  const refused = new Promise((done) => feeds.onState((state) => state === "refused" && done()));
  const query = "subscription { tagChanged { cursor } }";
  await new Promise((error) => feeds.subscribe({ query }, { next() {}, complete() {}, error }));
  await refused;
  feeds.close();
}

/** A connection that is refused after its feeds were closed fails for nobody: Node would end with the error. */
async function closesWhileItConnects(create) {
  const feeds = create({ address, token: () => "not-a-token" });
  const query = "subscription { tagChanged { cursor } }";
  await new Promise((ended) => {
    feeds.subscribe({ query }, { next() {}, complete: ended, error: ended });
    feeds.close();
    // Over server-sent events a closed feed hears nothing more.
    if (library === "package-events") ended();
  });
  await new Promise((done) => setImmediate(done));
}

async function useUrql(gate, filter) {
  const { createUrqlClient, CUSTOMERS, CHANGES } = await load("urql.js");
  const client = createUrqlClient(gate.address, token);
  const { data } = await client.query(CUSTOMERS, { filter }).toPromise();
  const subscription = client.subscription(CHANGES, { filter, after: data.feedCursor }).subscribe(() => {});
  const list = () => client.readQuery(CUSTOMERS, { filter }).data.customers.nodes;
  return { list, stop: () => subscription.unsubscribe() };
}

async function useRelay(gate, filter) {
  const require = createRequire(import.meta.url);
  execFileSync(process.execPath, [require.resolve("relay-compiler/cli.js"), "relay.config.json"], { cwd: directory });
  const { transformSync } = await import("@babel/core");
  const filename = `${directory}/src/relay.js`;
  const options = { filename, configFile: false, plugins: [["relay", { eagerEsModules: true }]] };
  const { code } = transformSync(readFileSync(filename, "utf8"), options);
  // A bundler adds the extension and finds the names in relay-runtime; Node does neither.
  const resolved = code
    .replaceAll(/\.graphql"/g, '.graphql.js"')
    .replace(/import \{(.*?)\} from "relay-runtime";/s, 'import runtime from "relay-runtime"; const {$1} = runtime;');
  writeFileSync(`${directory}/src/built.js`, resolved);
  const { createEnvironment, CUSTOMERS, followCustomers } = await load("src/built.js");
  const runtime = require("relay-runtime");
  const environment = createEnvironment(gate.address, token);
  const data = await runtime.fetchQuery(environment, CUSTOMERS, { filter }).toPromise();
  const operation = runtime.createOperationDescriptor(runtime.getRequest(CUSTOMERS), { filter });
  environment.retain(operation);
  const subscription = followCustomers(environment, filter, data.feedCursor);
  const list = () => environment.lookup(operation.fragment).data.customers.edges.map(({ node }) => node);
  return { list, stop: () => subscription.dispose() };
}

// ─── What happens ───────────────────────────────────────────────────────────

const TAG = "mutation ($input: CreateTagInput!) { createTag(input: $input) { tag { id } } }";
const ASSIGN = "mutation ($input: AssignTagsInput!) { assignTags(input: $input) { changed userErrors { message } } }";
const REMOVE = "mutation ($input: RemoveTagsInput!) { removeTags(input: $input) { changed userErrors { message } } }";

async function createTag(name) {
  return (await ask(TAG, { input: { name } })).createTag.tag.id;
}

async function change(mutation, customer, tag) {
  const [payload] = Object.values(await ask(mutation, { input: { customers: { ids: [customer] }, tags: [tag] } }));
  assert.deepEqual(payload, { changed: 1, userErrors: [] });
}

async function rename(externalId, name) {
  const line = { externalId, name, managedBy: "PARTNER_ORGANIZATION" };
  assert.equal((await post("/import/customers", importSecret, line)).refused, 0);
}

const { customers } = await ask("{ customers { nodes { id name } } }");
const [anna, berta, cesar] = customers.nodes.map(({ id }) => id);
const [member, hot] = [await createTag(`${library} member`), await createTag(`${library} hot`)];
await change(ASSIGN, anna, member);
await change(ASSIGN, cesar, member);
const gate = await openGate();
const client = await { apollo: useApollo, urql: useUrql, relay: useRelay, package: usePackage, "package-events": usePackage }[library](gate, { tag: [member] });
const names = () => client.list().map(({ name }) => name).join(" ");
const subscriptions = () => sent.filter(({ type }) => type === "subscribe");
const changes = () => received.filter(({ type }) => type === "next").map(({ payload }) => payload.data.customerListChanged);

assert.equal(names(), "Anna Cesar");
await change(ASSIGN, anna, hot);
await until(() => client.list()[0].tags.some(({ id }) => id === hot), "The changed customer");
await change(ASSIGN, berta, member);
await until(() => names() === "Anna Berta Cesar", "The customer that entered");

gate.breakDown();
const last = changes().at(-1).cursor;
await change(REMOVE, anna, member);
gate.repair();
await until(() => names() === "Berta Cesar", "The customer that left while the connection was broken");
assert.equal(subscriptions().at(-1).payload.variables.after, last);
await rename("Cesar", "Aaron");
await until(() => names() === "Aaron Berta", "The customer that moved");
await rename("Cesar", "Cesar");
await until(() => names() === "Berta Cesar", "The customer that moved back");
// Before these, the feed may have repeated changes that the list showed already; it never repeats its own.
assert.deepEqual(changes().slice(-5).map(({ kind }) => kind), ["UPDATED", "ENTERED", "LEFT", "UPDATED", "UPDATED"]);
assert.equal(new Set(changes().map(({ cursor }) => cursor)).size, changes().length);
await client.check?.();
assert.deepEqual(warnings, []);
client.stop();
process.exit(0);
