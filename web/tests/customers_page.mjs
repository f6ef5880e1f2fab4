/** The list of customers of a server, opened with a token, for what measures the page: frames and memory. */
import { openBrowser } from "./browser.mjs";

const { PARTNERHUB_URL, PARTNERHUB_TOKEN } = process.env;

/** Opens the list; `onCustomers` gets each request for its rows, `prepare` the page before it is opened. */
export async function openCustomers(onCustomers, prepare = async () => undefined) {
  const origin = new URL(PARTNERHUB_URL).origin;
  const browser = await openBrowser(origin, "no-preference");
  const page = await browser.context.newPage();
  page.setDefaultTimeout(120_000);
  await page.addInitScript((token) => sessionStorage.setItem("partnerhub:token", token), PARTNERHUB_TOKEN);
  await page.route("**/graphql", async (route) => {
    const { operationName, variables } = route.request().postDataJSON() ?? {};
    return operationName === "Customers" && variables?.first ? onCustomers(route, variables) : route.continue();
  });
  await prepare(page);
  const started = Date.now();
  await page.goto(`${origin}/customers?order=NAME`);
  await page.locator(".table-data").first().waitFor();
  return { page, browser, session: await page.context().newCDPSession(page), milliseconds: Date.now() - started };
}

/** The bytes of the page's heap after the garbage was collected, twice: what is left after once may be garbage then. */
export async function heapBytes(session) {
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
