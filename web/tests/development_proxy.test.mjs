// node --experimental-websocket development_proxy.test.mjs DIRECTORY: starts Vite with the printed configuration, and
// asks and subscribes through it as a page of its origin does.
import assert from "node:assert/strict";
import { createClient } from "graphql-ws";
import { createServer } from "vite";

const [directory] = process.argv.slice(2);
const authorization = `Bearer ${process.env.PARTNERHUB_TOKEN}`;
const vite = await createServer({ root: directory, configFile: `${directory}/vite.config.js`, logLevel: "error", server: { port: 0 } });
await vite.listen();
const origin = new URL(vite.resolvedUrls.local[0]).origin;

const response = await fetch(`${origin}/graphql`, {
  method: "POST",
  headers: { authorization, origin, "content-type": "application/json" },
  body: JSON.stringify({ query: "{ feedCursor }" }),
});
const { data } = await response.json();
assert.equal(typeof data.feedCursor, "string");

const PageSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, { protocols, headers: { origin } });
  }
};
const client = createClient({
  url: `${origin.replace("http", "ws")}/graphql`,
  webSocketImpl: PageSocket,
  connectionParams: { authorization },
  retryAttempts: 0,
});
const kpis = client.iterate({ query: "subscription { kpisChanged { totalCustomers { count } } }" });
const { value } = await kpis.next();
assert.equal(value.errors, undefined);
assert.equal(value.data.kpisChanged.totalCustomers.count, 0);
await vite.close();
process.exit(0);
