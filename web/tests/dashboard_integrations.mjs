/** Steps of dashboard.test.mjs: a webhook, the list of customers as a file, forecasts, calls. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

export async function connectsAWebhook(page, origin) {
  await page.goto(`${origin}/integrations`);
  await page.getByRole("button", { name: "Create webhook" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Ticket system");
  await dialog.getByLabel("Address").fill("ftp://tickets.example");
  await dialog.getByRole("button", { name: "Create webhook" }).click();
  await dialog.getByText("The address must begin with https://").waitFor();
  await dialog.getByLabel("Address").fill("https://tickets.example/hooks");
  await dialog.getByText("All events").click();
  await dialog.getByLabel("Statuses changed").check();
  await dialog.getByRole("button", { name: "Create webhook" }).click();
  assert.match(await page.locator(".secret").innerText(), /^whsec_/);
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  assert.equal(await page.locator(".secret").count(), 0);
}

/** Another window changes the webhook while a dialog is open: the dialog shows this version before it replaces it. */
export async function showsBothVersions(page, query) {
  await page.getByRole("button", { name: "Change", exact: true }).click();
  const { webhooks } = await query("{ webhooks { id version } }");
  await query("mutation ($input: UpdateWebhookInput!) { updateWebhook(input: $input) { userErrors { code } } }", { input: { ...webhooks[0], name: "Changed elsewhere" } });
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Changed here");
  await dialog.getByRole("button", { name: "Save Changed here" }).click();
  await dialog.getByRole("alert").getByText("Changed elsewhere").waitFor();
  await dialog.getByRole("button", { name: "Save Changed here" }).click();
  await page.getByRole("heading", { name: /^Changed here/ }).waitFor();
}

export async function exportsTheList(page, origin, query) {
  await page.goto(`${origin}/customers?status=TRIAL`);
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByLabel("Format").selectOption("NDJSON");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download NDJSON" }).click()]);
  const rows = (await readFile(await download.path(), "utf8")).trim().split("\n");
  const { customers } = await query("{ customers(filter: {status: [TRIAL]}) { totalCount } }");
  assert.equal(rows.length, customers.totalCount);
}

export async function showsForecasts(page, origin, query) {
  await page.goto(`${origin}/forecasts`);
  const [, month] = (await query("{ renewalForecast { renewing expiring } }")).renewalForecast;
  const row = page.getByRole("table", { name: "Licenses and amounts by month" }).getByRole("row").nth(2);
  await row.waitFor();
  await page.getByRole("figure", { name: "What ends or renews" }).getByRole("button", { name: "Show as table" }).click();
  const chart = page.getByRole("table", { name: "What ends or renews" }).getByRole("row").nth(2).getByRole("cell");
  assert.deepEqual(await chart.allInnerTexts(), [String(month.renewing), String(month.expiring)]);
  assert.deepEqual((await row.getByRole("cell").allInnerTexts()).slice(1, 3), [String(month.renewing), String(month.expiring)]);
}

export async function showsCallingEngagement(page, origin) {
  await page.goto(`${origin}/calling`);
  await page.getByRole("heading", { name: "Calling engagement" }).waitFor();
  await page.getByText("The figures of this week have not been computed yet").waitFor();
  await page.getByLabel("Week").selectOption({ index: 3 });
  await page.waitForURL(/week=\d{4}-\d\d-\d\d/);
  await page.getByText("The figures of this week have not been computed yet").waitFor();
}
