/** A page of another origin that embeds the widgets, as docs/widgets.md prints it. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const GUIDE = new URL("../../docs/widgets.md", import.meta.url);
const PRINTED_ADDRESS = "https://hub.example.com";
const PRINTED_TOKEN = 'async () => (await fetch("/my-token")).text()';

/** Serves the page at `origin` and opens it. */
export async function openEmbeddingPage(context, origin, hub, token) {
  const printed = /```html\n([\s\S]*?)```/.exec(readFileSync(GUIDE, "utf8"))[1];
  const html = printed.replaceAll(PRINTED_ADDRESS, hub).replace(PRINTED_TOKEN, `() => ${JSON.stringify(token)}`);
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(html);
  });
  server.listen(Number(new URL(origin).port), "127.0.0.1");
  await once(server, "listening");
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(origin);
  return { page, close: () => page.close().then(() => server.close()) };
}
