/**
 * node tests/doc_pictures.mjs ADDRESS ../docs/pictures: the pictures of the documents, from a server with the development
 * sign-in (`make run`). It makes the alert rules whose alerts a picture shows. The widgets' picture is not among them.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";

const [address, directory] = process.argv.slice(2);
const origin = new URL(address).origin;
const QUALITY = 0.82;
const RULES = { "Over the limit": ["LICENSE_OVERAGE"], "Call them": ["SUSPENDED"] };
/** A machine that builds documents has hardly ever the fonts of every script. */
const LATIN = ["DE", "ES", "FR", "GB", "IT", "NO", "PT", "SE", "US"];
/** The page of each picture, and the theme in which it is taken. */
const PICTURES = {
  customers: [`/customers?${new URLSearchParams([...LATIN.map((code) => ["country", code]), ["status", "LICENSE_OVERAGE"], ["order", "LAST_ADMINISTRATOR_SIGN_IN_AT"], ["direction", "DESC"]])}`, "light"],
  calling: ["/calling", "dark"],
  forecasts: ["/forecasts", "light"],
  alerts: ["/alerts", "dark"],
  tags: ["/organization?tab=tags", "light"],
  organization: ["/organization?tab=administrators", "light"],
};

const browser = await openBrowser(origin);
const page = await browser.context.newPage();

/** Chromium writes WebP, a screenshot of it is a PNG. */
async function take(name) {
  await page.waitForLoadState("networkidle");
  await page.waitForFunction(() => document.querySelector(".skeleton") === null);
  // A row that has just changed would be highlighted.
  await page.waitForTimeout(2_000);
  const png = (await page.screenshot()).toString("base64");
  const canvas = await browser.context.newPage();
  const webp = await canvas.evaluate(async ([source, quality]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${source}`;
    await image.decode();
    const drawing = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    drawing.getContext("2d").drawImage(image, 0, 0);
    return drawing.toDataURL("image/webp", quality).split(",")[1];
  }, [png, QUALITY]);
  await canvas.close();
  await writeFile(join(directory, `${name}.webp`), Buffer.from(webp, "base64"));
}

async function makeRules() {
  const token = await page.evaluate(() => sessionStorage.getItem("partnerhub:token"));
  const send = async (query, input) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const answer = await fetch(`${origin}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables: { input } }) });
    return (await answer.json()).data;
  };
  // Those of an earlier run make place for new ones.
  const { alertRules } = await send("{ alertRules { id name } }");
  for (const { id } of alertRules.filter(({ name }) => name in RULES))
    await send("mutation ($input: DeleteAlertRuleInput!) { deleteAlertRule(input: $input) { userErrors { code } } }", { id });
  for (const [name, statuses] of Object.entries(RULES))
    await send("mutation ($input: SaveAlertRuleInput!) { saveAlertRule(input: $input) { userErrors { code } } }", { name, statuses, filter: { country: LATIN } });
}

try {
  await page.goto(origin);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "full@" }).click();
  await page.getByRole("heading", { name: /^Customers/ }).waitFor();
  await makeRules();
  for (const [name, [path, colorScheme]] of Object.entries(PICTURES)) {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${origin}${path}`);
    await take(name);
  }
  await page.goto(`${origin}/customers?status=LICENSE_OVERAGE`);
  const customer = await page.locator("a.customer-name").first().evaluate(({ href }) => href);
  await page.goto(`${customer}?tab=trends`);
  await take("customer");
} finally {
  await browser.close();
}
process.exit(0);
