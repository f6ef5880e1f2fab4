// The real graphql-ws client from npm: runs the operations that come as JSON lines on standard input, one by one,
// each until so many results have come, and prints what it gets as JSON lines. As a dashboard would, it writes the
// last cursor into the variables, which the client sends again when it has connected anew.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, authorization, packages, options] = process.argv.slice(2);
const { createClient } = await import(pathToFileURL(createRequire(`${packages}/`).resolve("graphql-ws")));
const say = (message) => console.log(JSON.stringify(message));

const client = createClient({
  url,
  connectionParams: { authorization },
  webSocketImpl: WebSocket,
  // One socket for all operations, though between them nothing runs on it.
  lazyCloseTimeout: 10_000,
  retryAttempts: 0,
  retryWait: async () => {},
  keepAlive: 100,
  on: {
    connected: () => say({ connected: true }),
    pong: (received) => received && say({ pong: true }),
    closed: (event) => say({ closed: event.code, reason: event.reason }),
  },
  ...JSON.parse(options ?? "{}"),
});

for await (const line of createInterface({ input: process.stdin })) {
  const { count, ...operation } = JSON.parse(line);
  const results = client.iterate(operation);
  let received = 0;
  try {
    for await (const result of results) {
      say({ result });
      const cursor = result.data?.numbered?.cursor;
      if (cursor) operation.variables.after = cursor;
      received += 1;
      if (received === count) break;
    }
    say({ completed: received });
  } catch (problem) {
    say(Array.isArray(problem) ? { errors: problem } : { failed: String(problem?.reason ?? problem) });
  }
}
await client.dispose();
