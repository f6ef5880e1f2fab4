/** Steps of dashboard.test.mjs: the keys of the list, a saved view, the reasons of statuses. */
import assert from "node:assert/strict";
import { row, showsTotal } from "./page_shape.mjs";

export async function worksByKeyboard(page, origin) {
  await page.goto(`${origin}/customers?order=NAME`);
  await row(page, "Alpine Bakery").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByText("1 customer", { exact: true }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("Novi");
  await showsTotal(page, 1);
  // The keys work from a button that opens a menu, too.
  await page.getByRole("search").getByRole("button", { name: "Status" }).focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("grid").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Novi Kupac d.o.o." }).waitFor();
  await page.keyboard.press("Escape");
  await row(page, "Novi Kupac d.o.o.").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("search"), "Novi");
}

/** A view that is saved opens its filter; a status of its rows says why, to readers and to who points at it. */
export async function savesAView(page, origin, query) {
  await page.goto(`${origin}/customers?status=TRIAL`);
  await page.getByRole("button", { name: "+ Save view" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Running trials");
  await dialog.getByLabel("Share with all administrators").check();
  await dialog.getByRole("button", { name: "Save view" }).click();
  const view = page.getByRole("group", { name: "Saved views" }).getByRole("button", { name: /^Running trials/ });
  await view.and(page.locator("[aria-pressed=true]")).waitFor();
  const { customerViews } = await query("{ customerViews { name shared filter } }");
  assert.deepEqual(customerViews, [{ name: "Running trials", shared: true, filter: { status: ["TRIAL"] } }]);
  await page.getByRole("search").getByRole("button", { name: "Clear all" }).click();
  await view.and(page.locator("[aria-pressed=false]")).click();
  await page.waitForURL(/status=TRIAL/);
  const { customers } = await query('{ customers(filter: {search: "Customer 20"}) { nodes { statusDetails { reason } } } }');
  const { reason } = customers.nodes[0].statusDetails[0];
  const status = row(page, "Customer 20").getByRole("img", { name: `: ${reason}` });
  await status.hover();
  await page.locator(".tooltip", { hasText: reason }).waitFor();
}
