/** Steps of dashboard.test.mjs: the figures of analytics are those of the API, of all customers and of a country; tiles open their customers. */
import assert from "node:assert/strict";
import { until } from "./browser.mjs";

export async function kpisOpenTheirCustomers(page, query, screenshot) {
  await page.getByRole("link", { name: "Analytics" }).click();
  const { kpis } = await query("{ kpis(product: MEETINGS) { nearingExpiration { count } } }");
  const tile = page.getByRole("link", { name: `Nearing expiration ${kpis.nearingExpiration.count}` });
  await tile.waitFor();
  // No week has ended since the first import.
  await page.getByRole("figure", { name: "License trend" }).getByText("There are no figures for this chart yet").waitFor();
  await screenshot(page, "analytics");
  await analyticsOfACountry(page, query);
  await tile.click();
  await until(page, (count) => document.querySelector(".customers-total")?.textContent === count, String(kpis.nearingExpiration.count));
}

/** Tiles, their trends and the reports are of the country's customers, and so is the list that a tile opens. */
async function analyticsOfACountry(page, query) {
  const figures = "kpis(product: MEETINGS, filter: $filter) { totalCustomers { count } } licenseAnalytics(product: MEETINGS, filter: $filter) { recentlyAdded(days: 90) { newCustomers } }";
  const read = (filter) => query(`query ($filter: CustomerFilter) { ${figures} }`, { filter });
  const [all, german] = await Promise.all([read({}), read({ country: ["DE"] })]);
  const counts = ({ kpis, licenseAnalytics }) => [kpis.totalCustomers.count, licenseAnalytics.recentlyAdded.newCustomers];
  assert.ok(counts(german).every((count, place) => count > 0 && count < counts(all)[place]));
  const report = page.getByRole("region", { name: "Recently added" });
  const shows = async ([customers, added]) => {
    await page.getByRole("link", { name: new RegExp(`^Customers ${customers}\\b`) }).waitFor();
    await report.locator("dd", { hasText: new RegExp(`^${added}$`) }).waitFor();
  };
  await shows(counts(all));
  await page.getByLabel("Which customers").selectOption({ label: "Germany" });
  await shows(counts(german));
  assert.equal(new URL(page.url()).searchParams.get("country"), "DE");
  assert.match(await page.locator(".tile").first().getAttribute("href"), /country=DE/);
  // Columns of the coming months; the lines of past weeks need the sums of two.
  await page.getByRole("link", { name: /Ending in coming months$/ }).locator("svg rect").nth(11).waitFor();
  await page.getByLabel("Which customers").selectOption({ label: "All customers" });
  await shows(counts(all));
}
