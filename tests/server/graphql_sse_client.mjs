// The real graphql-sse client from npm: runs one operation until so many results have come, and prints them as JSON
// lines; `last` is the place that the Last-Event-ID header names.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, authorization, packages, operation, count, last] = process.argv.slice(2);
const { createClient } = await import(pathToFileURL(createRequire(`${packages}/`).resolve("graphql-sse")));
const say = (message) => console.log(JSON.stringify(message));

const client = createClient({
  url,
  headers: { Authorization: authorization, ...(last ? { "Last-Event-ID": last } : {}) },
  retryAttempts: 0,
});
let received = 0;
try {
  for await (const result of client.iterate(JSON.parse(operation))) {
    say({ result });
    received += 1;
    if (received === Number(count)) break;
  }
  say({ completed: received });
} catch (problem) {
  say({ failed: problem?.response?.status ?? String(problem) });
}
client.dispose();
