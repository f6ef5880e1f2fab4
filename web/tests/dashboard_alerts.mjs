/** Steps of dashboard.test.mjs: rules are made, changed and deleted; their alerts are snoozed and acknowledged. */
import assert from "node:assert/strict";
import { keepsTheFocus, row } from "./page_shape.mjs";

const openTab = (page, name) => page.getByRole("tab", { name, exact: true }).click();

export async function getsAndSnoozesAnAlert(page, origin) {
  await page.goto(`${origin}/alerts?tab=rules`);
  await page.getByRole("button", { name: "Make rule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Overage");
  await dialog.getByRole("button", { name: "Make rule" }).click();
  await dialog.getByText("An alert rule needs at least one status.").waitFor();
  await dialog.getByLabel("License overage").check();
  await dialog.getByRole("button", { name: "Make rule" }).click();
  await page.getByRole("cell", { name: "Overage", exact: true }).waitFor();
  await page.getByRole("tab", { name: "Alerts", exact: true }).click();
  await page.getByLabel("Select Alpine Bakery").check();
  await page.getByRole("button", { name: "Snooze" }).click();
  await page.getByRole("menuitem", { name: "For 7 days" }).click();
  await page.getByText("No alerts here").waitFor();
}

async function makesARule(page, name, status) {
  await openTab(page, "Rules");
  await page.getByRole("button", { name: "Make rule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByText("Choose one or more").click();
  await dialog.getByLabel(status, { exact: true }).check();
  await dialog.getByRole("button", { name: "Make rule" }).click();
  await page.getByRole("cell", { name, exact: true }).waitFor();
}

async function acknowledges(page, names) {
  await openTab(page, "Alerts");
  for (const name of names) await page.getByLabel(`Select ${name}`).check();
  await page.getByText(`${names.length} alerts`, { exact: true }).waitFor();
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByLabel(`Select ${names[0]}`).waitFor({ state: "detached" });
  await keepsTheFocus(page);
}

/** The list of open alerts loses those that are acknowledged, and the list of these has them. */
export async function acknowledgesAlertsAndEndsTheirRule(page, query) {
  await makesARule(page, "Trials", "Trial");
  await acknowledges(page, ["Customer 20", "Customer 21"]);
  const { alerts } = await query("{ alerts(state: [ACKNOWLEDGED]) { nodes { customer { name } } } }");
  assert.deepEqual(alerts.nodes.map(({ customer }) => customer.name).sort(), ["Customer 20", "Customer 21"]);
  await page.getByRole("button", { name: /^State/ }).click();
  await page.getByRole("menuitemcheckbox", { name: "Open" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Acknowledged" }).click();
  await page.keyboard.press("Escape");
  await row(page, "Customer 21").getByText("Acknowledged").waitFor();
  await row(page, "Customer 22").waitFor({ state: "detached" });
  await changesARule(page);
  await openTab(page, "Rules");
  await page.getByRole("button", { name: "Delete Trials watched" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete Trials watched" }).click();
  await row(page, "Trials watched").waitFor({ state: "detached" });
  assert.deepEqual((await query("{ alerts(state: [ACKNOWLEDGED]) { nodes { id } } }")).alerts.nodes, []);
}

async function changesARule(page) {
  await openTab(page, "Rules");
  await page.getByRole("button", { name: "Change Trials" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Trials watched");
  await dialog.getByText("Trial", { exact: true }).first().click();
  await dialog.getByLabel("Expired").check();
  await dialog.getByLabel("Paused: it opens no alerts").check();
  await dialog.getByRole("button", { name: "Save Trials watched" }).click();
  const changed = row(page, "Trials watched");
  await changed.getByText("Paused").waitFor();
  await changed.getByText("Expired").waitFor();
}
