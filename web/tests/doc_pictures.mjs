/**
 * node tests/doc_pictures.mjs ADDRESS ../docs/pictures: the pictures of the documents, from a server with the development
 * sign-in (`make run`). It makes the alert rules whose alerts a picture shows.
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
  analytics: ["/analytics", "light"],
  calling: ["/calling", "dark"],
  forecasts: ["/forecasts", "light"],
  alerts: ["/alerts", "dark"],
  tags: ["/organization?tab=tags", "light"],
  organization: ["/organization?tab=administrators", "light"],
};

const browser = await openBrowser(origin);
const page = await browser.context.newPage();

/** Runs in a page of the server, whose content it replaces: the four widgets at two widths and in both schemes. */
async function showWidgets() {
  const column = (width, scheme, background) => {
    const place = document.createElement("div");
    place.style.cssText = `display: grid; align-content: start; gap: 12px; padding: 12px; width: ${width}px; color-scheme: ${scheme}; background: ${background}`;
    place.innerHTML = `<partner-kpis></partner-kpis><customer-statuses status="LICENSE_OVERAGE,EXPIRING_SOON" limit="2"></customer-statuses>
      <license-trend product="CALLING"></license-trend><activity-feed limit="2"></activity-feed>`;
    return place;
  };
  for (const sheet of document.styleSheets) sheet.disabled = true;
  document.body.replaceChildren(column(240, "light", "#fff"), column(420, "dark", "#0d1117"));
  document.body.style.cssText = "display: inline-flex; margin: 0; font-family: system-ui, sans-serif";
  const { connect } = await import("/widgets.js");
  connect({ address: location.origin, token: () => sessionStorage.getItem("partnerhub:token") });
}

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
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(`${origin}/organization`);
  await page.waitForLoadState("networkidle");
  await page.evaluate(showWidgets);
  await page.waitForFunction(() => [...document.querySelectorAll("partner-kpis, customer-statuses, license-trend, activity-feed")].every(({ shadowRoot }) => shadowRoot.querySelector(".content")?.textContent.trim()));
  const [width, height] = await page.evaluate(() => [...document.body.children].map((place) => place.getBoundingClientRect()).reduce(([right, bottom], box) => [Math.max(right, box.right), Math.max(bottom, box.bottom)], [0, 0]));
  await page.setViewportSize({ width: Math.ceil(width), height: Math.ceil(height) });
  await take("widgets");
} finally {
  await browser.close();
}
process.exit(0);
