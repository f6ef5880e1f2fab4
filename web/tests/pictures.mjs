/**
 * node tests/pictures.mjs ADDRESS DIRECTORY: pictures of every page and tab of a server with the development sign-in
 * (`make run`): light, dark, on a phone, and in Serbian. It also reports what axe and the console of the browser say.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { seriousFaults } from "./accessibility.mjs";
import { openBrowser } from "./browser.mjs";
import { clippedTexts } from "./clipped.mjs";

const [address, directory] = process.argv.slice(2);
const origin = new URL(address).origin;
const WIDE = { width: 1280, height: 800 };
const FORMS = {
  light: { viewport: WIDE, colorScheme: "light", language: "en" },
  dark: { viewport: WIDE, colorScheme: "dark", language: "en" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", language: "en" },
  serbian: { viewport: WIDE, colorScheme: "light", language: "sr-Latn" },
};
const WIDTHS = [360, 768, 1280, 1600];
const PAGES = ["customers", "analytics", "forecasts", "calling", "alerts", "resources", "integrations", "organization"];
const report = (fault) => console.log(fault);

async function settle(page) {
  await page.waitForLoadState("networkidle");
  await page.waitForFunction(() => document.querySelector(".skeleton") === null, undefined, { timeout: 60_000 }).catch(() => report(`${page.url()}: still loading`));
}

async function take(page, name, check) {
  await settle(page);
  await page.screenshot({ path: join(directory, `${name}.png`) });
  if (!check) return;
  for (const { id, impact, element } of await seriousFaults(page)) report(`${name}: ${impact}: ${id}: ${element}`);
}

/** At every width: nothing wider than the window, no text that cannot be read. */
async function checkWidths(page, name) {
  const { width: present, height } = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height });
    // Charts take their new width a moment later.
    await page.waitForFunction(() => new Promise((done) => setTimeout(() => done(true), 400)));
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (beyond > 0) report(`${name}, ${width} pixels: ${beyond} pixels wider than the window`);
    for (const text of await clippedTexts(page)) report(`${name}, ${width} pixels: ${text}`);
  }
  await page.setViewportSize({ width: present, height });
}

async function takeWithTabs(page, name) {
  await take(page, name, true);
  await checkWidths(page, name);
  const tabs = await page.getByRole("tab").count();
  for (let place = 1; place < tabs; place += 1) {
    const tab = page.getByRole("tab").nth(place);
    await tab.click();
    await take(page, `${name}-${(await tab.innerText()).toLowerCase().replaceAll(/[^\p{L}]+/gu, "-")}`, true);
    await checkWidths(page, `${name}, tab ${place}`);
  }
}

async function signIn(context) {
  const page = await context.newPage();
  await page.goto(origin);
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await take(page, "sign-in", true);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "full@" }).waitFor();
  await take(page, "development-sign-in", true);
  await page.getByRole("button", { name: "full@" }).click();
  await page.getByRole("heading", { name: /^Customers/ }).waitFor();
  return page;
}

async function takeForm(page, name, { viewport, colorScheme, language }) {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme });
  await page.evaluate((chosen) => localStorage.setItem("partnerhub:language", chosen), language);
  for (const path of PAGES) {
    await page.goto(`${origin}/${path}`);
    await takeWithTabs(page, `${name}-${path}`);
  }
  await page.goto(`${origin}/customers?order=URGENCY`);
  await page.goto(await page.locator("a.customer-name").first().evaluate(({ href }) => href));
  await takeWithTabs(page, `${name}-customer`);
  await page.goto(`${origin}/graphql`);
  await page.getByRole("button", { name: "Execute query" }).click();
  await page.locator(".result-window").getByText("totalCount").first().waitFor();
  await take(page, `${name}-graphiql`, true);
  const present = browser.complaints.length;
  await page.goto(`${origin}/unsubscribe/none`);
  await take(page, `${name}-unsubscribe`, true);
  // The page of an address that stops nothing is a 404, which Chromium notes on the console.
  const [expected, ...others] = browser.complaints.splice(present);
  if (!/status of 404/.test(expected)) report(`${name}-unsubscribe: no 404`);
  browser.complaints.push(...others);
}

await mkdir(directory, { recursive: true });
const browser = await openBrowser(origin);
try {
  const page = await signIn(browser.context);
  for (const [name, form] of Object.entries(FORMS)) await takeForm(page, name, form);
} finally {
  [...browser.complaints, ...browser.foreign].forEach(report);
  await browser.close();
}
process.exit(0);
