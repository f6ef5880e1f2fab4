/** Steps of dashboard.test.mjs: the figures of analytics are those of the API, of all customers and of those of a tag, a view, a country; tiles open their customers. */
import assert from "node:assert/strict";
import { showsTotal } from "./page_shape.mjs";

export async function kpisOpenTheirCustomers(page, query, screenshot) {
  await page.getByRole("link", { name: "Analytics" }).click();
  const { kpis } = await query("{ kpis(product: MEETINGS) { nearingExpiration { count } } }");
  const tile = page.getByRole("link", { name: `Nearing expiration ${kpis.nearingExpiration.count}` });
  await tile.waitFor();
  // No week has ended since the first import.
  await page.getByRole("figure", { name: "License trend" }).getByText("There are no figures for this chart yet").waitFor();
  await screenshot(page, "analytics");
  await analyticsOfSome(page, query);
  await tile.click();
  await showsTotal(page, kpis.nearingExpiration.count);
}

/** Tiles, their trends and the reports are of a country's customers, of a tag's or a view's; so is the list that a tile opens. */
async function analyticsOfSome(page, query) {
  const figures = "kpis(product: $product, filter: $filter) { totalCustomers { count } } licenseAnalytics(product: $product, filter: $filter) { recentlyAdded(days: 90) { newCustomers } }";
  const read = (filter, product = "MEETINGS") => query(`query ($filter: CustomerFilter, $product: AnalyticsProduct!) { ${figures} }`, { filter, product });
  const { tags } = await query('{ tags(search: "Call before Friday") { id } }');
  const all = await read({});
  const german = { country: ["DE"] };
  const counts = ({ kpis, licenseAnalytics }) => [kpis.totalCustomers.count, licenseAnalytics.recentlyAdded.newCustomers];
  const report = page.getByRole("region", { name: "Recently added" });
  const shows = async (found) => {
    const [customers, added] = counts(found);
    await page.getByRole("link", { name: new RegExp(`^Customers ${customers}\\b`) }).waitFor();
    await report.locator("dd", { hasText: new RegExp(`^${added}$`) }).first().waitFor();
  };
  await shows(all);
  const choices = [["Call before Friday", { tag: [tags[0].id] }], ["Running trials", { status: ["TRIAL"] }], ["Germany", german]];
  for (const [label, filter] of choices) {
    const some = await read(filter);
    assert.ok(counts(some).every((count, place) => count > 0 && count < counts(all)[place]), label);
    await page.getByLabel("Which customers").selectOption({ label });
    await shows(some);
  }
  assert.equal(new URL(page.url()).searchParams.get("country"), "DE");
  assert.match(await page.locator(".tile").first().getAttribute("href"), /country=DE/);
  // Columns of the coming months; the lines of past weeks need the sums of two.
  await page.getByRole("link", { name: /Ending in coming months$/ }).locator("svg rect").nth(11).waitFor();
  // The switch is of everything below it: nobody in Germany has Calling.
  await page.getByRole("radiogroup", { name: "Product" }).getByText("Calling").click();
  await shows(await read(german, "CALLING"));
  assert.equal(new URL(page.url()).searchParams.get("product"), "CALLING");
  await page.getByRole("radiogroup", { name: "Product" }).getByText("Meetings").click();
  await page.getByLabel("Which customers").selectOption({ label: "All customers" });
  await shows(all);
}
