/** Steps of dashboard.test.mjs: a tag is made, changed while somebody else changes it, and deleted; other windows follow. */
import assert from "node:assert/strict";
import { keepsTheFocus, row } from "./page_shape.mjs";

const UPDATE = "mutation ($input: UpdateTagInput!) { updateTag(input: $input) { userErrors { code } } }";

/** `other` shows the customers, one of which has the tag `name`. */
export async function changesAndDeletesATag(page, other, query, name) {
  await page.evaluate(() => history.pushState(null, "", "/organization?tab=tags"));
  await makesATag(page, query);
  await changesATag(page, query, name);
  await row(other, "Alpine Bakery").getByText("Call on Monday").waitFor();
  await givesItARule(page, query);
  await deletesATag(page, "Call on Monday", /^Delete Call on Monday from \d+ customers?$/);
  await row(other, "Alpine Bakery").getByText("Call on Monday").waitFor({ state: "detached" });
  await deletesATag(page, "Renewal talks", "Delete Renewal talks from 0 customers");
}

async function makesATag(page, query) {
  await page.getByRole("button", { name: "Make tag" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Renewal talks");
  await dialog.getByLabel("Color").selectOption("PINK");
  await dialog.getByRole("button", { name: "Make tag" }).click();
  await row(page, "Renewal talks").getByRole("link", { name: "0" }).waitFor();
  const { tags } = await query('{ tags(search: "renewal") { name color rule } }');
  assert.deepEqual(tags, [{ name: "Renewal talks", color: "PINK", rule: null }]);
}

async function changesATag(page, query, name) {
  const [{ id, version }] = (await query("query ($name: String) { tags(search: $name) { id version } }", { name })).tags;
  await page.getByRole("button", { name: `Change ${name}` }).click();
  await query(UPDATE, { input: { id, version, description: "Changed elsewhere" } });
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Call on Monday");
  await dialog.getByLabel("Color").selectOption("GREEN");
  await dialog.getByRole("button", { name: "Save Call on Monday" }).click();
  await dialog.getByRole("alert").getByText("Changed elsewhere").waitFor();
  await dialog.getByRole("button", { name: "Save Call on Monday" }).click();
  await row(page, "Call on Monday").waitFor();
  const { node } = await query("query ($id: ID!) { node(id: $id) { ... on Tag { name color description } } }", { id });
  assert.deepEqual(node, { name: "Call on Monday", color: "GREEN", description: null });
}

async function givesItARule(page, query) {
  await query('mutation { saveCustomerView(input: {name: "Trials", filter: {status: [TRIAL]}}) { userErrors { code } } }');
  const { customers } = await query("{ customers(filter: {status: [TRIAL]}) { totalCount } }");
  await page.getByRole("button", { name: "Change Call on Monday" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Assigned by").selectOption({ label: "View “Trials”" });
  await dialog.getByText(`${customers.totalCount} customers match this rule now; 1 have the tag.`).waitFor();
  await dialog.getByRole("button", { name: "Save Call on Monday" }).click();
  const changed = row(page, "Call on Monday");
  await changed.getByRole("link", { name: "Its rule" }).waitFor();
  await changed.getByRole("link", { name: String(customers.totalCount), exact: true }).waitFor();
}

async function deletesATag(page, name, button) {
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: button }).click();
  await row(page, name).waitFor({ state: "detached" });
  await keepsTheFocus(page);
}
