// The real graphql-sse client from npm: runs one operation until so many results have come, and prints them as JSON
// lines; `last` is the place that the Last-Event-ID header names at first, and then the last cursor received, which the
// client sends with each new attempt.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, authorization, packages, operation, count, last, attempts] = process.argv.slice(2);
const { createClient } = await import(pathToFileURL(createRequire(`${packages}/`).resolve("graphql-sse")));
const say = (message) => console.log(JSON.stringify(message));

let place = last;
const client = createClient({
  url,
  headers: () => ({ Authorization: authorization, ...(place ? { "Last-Event-ID": place } : {}) }),
  retryAttempts: Number(attempts ?? 0),
  retry: async () => {},
  on: { connected: (isAgain) => say({ connected: isAgain ? "again" : "first" }) },
});
let received = 0;
try {
  for await (const result of client.iterate(JSON.parse(operation))) {
    say({ result });
    place = result.data?.numbered?.cursor ?? place;
    received += 1;
    if (received === Number(count)) break;
  }
  say({ completed: received });
} catch (problem) {
  say({ failed: problem?.response?.status ?? String(problem) });
}
client.dispose();
