/** Each role sees the pages, tabs and actions that its permissions allow, and no others. */
import assert from "node:assert/strict";
import { until } from "./browser.mjs";
import { hasItsShape } from "./page_shape.mjs";

/** What a page has for whom: a role of ARIA, its name, and the permission that it needs. */
const SEEN = {
  "/customers": [
    ["link", "Customers", "READ_CUSTOMERS"],
    ["link", "Analytics", "READ_ANALYTICS"],
    ["link", "Forecasts", "READ_ANALYTICS"],
    ["link", "Calling engagement", "READ_ANALYTICS"],
    ["link", "Alerts", "READ_CUSTOMERS"],
    ["link", "Integrations", "READ_CUSTOMERS"],
    ["button", "Launch my organization", "LAUNCH_ORGANIZATION"],
    ["button", "Start trial", "MANAGE_TRIALS"],
    ["button", /^Edit the tags/, "EDIT_TAGS"],
  ],
  "/customers/:id?tab=trials": [
    ["tab", "Trends", "READ_ANALYTICS"],
    ["tab", "Activity", "READ_ACTIVITY"],
    ["button", "Launch", "LAUNCH_CUSTOMER"],
    ["button", "Edit customer", "MANAGE_TRIALS"],
    ["button", "Extend", "MANAGE_TRIALS"],
  ],
  "/customers/:id?tab=administrators": [["button", "Add administrator", "ASSIGN_ADMINISTRATORS"]],
  "/resources": [["button", "Contact the helpdesk", "CONTACT_HELPDESK"]],
  "/integrations": [["tab", "Webhooks", "MANAGE_INTEGRATIONS"], ["tab", "Exports", "READ_CUSTOMERS"]],
  "/organization?tab=administrators": [["button", "Invite administrator", "MANAGE_ADMINISTRATORS"]],
  "/organization?tab=profile": [["button", "Save profile", "MANAGE_ORGANIZATION"]],
  "/organization?tab=services": [["button", /^Turn o/, "MANAGE_ORGANIZATION"]],
  "/organization?tab=settings": [["button", "Save settings", "MANAGE_ORGANIZATION"]],
};
const HEADINGS = { customers: /^Customers/, resources: "Resources and help", integrations: "Integrations", organization: "Organization" };

const ADDRESSES = ["/customers", "/analytics", "/forecasts", "/calling", "/alerts", "/resources", "/integrations", "/organization"];

/** Pages of the navigation have content on every tab, whoever looks; the others say that the role does not include them. */
export async function noPageIsEmptyOrBroken(page) {
  const linked = await page.getByRole("navigation").getByRole("link").evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
  for (const address of ADDRESSES) {
    await page.evaluate((path) => history.pushState(null, "", path), address);
    if (!linked.includes(address)) {
      await page.getByRole("heading", { name: "Your role does not include this page" }).waitFor();
      continue;
    }
    await hasContent(page, address);
    for (let place = 1; place < (await page.getByRole("tab").count()); place += 1) {
      await page.getByRole("tab").nth(place).click();
      await hasContent(page, `${address}, tab ${place}`);
    }
  }
}

async function hasContent(page, where) {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await until(page, () => !document.querySelector("main .skeleton, main [aria-busy=true]"));
  assert.equal(await page.locator("main .failure").count(), 0, `${where}: a failure`);
  const panels = await page.locator("main [role=tabpanel], main .customers").allInnerTexts();
  assert.ok(panels.every((text) => text.trim() !== ""), `${where}: empty`);
  await hasItsShape(page, where);
}

/** `customer` is one that the role sees, with a trial. */
export async function roleSeesWhatItMay(page, permissions, customer) {
  for (const [address, items] of Object.entries(SEEN)) {
    await page.evaluate((path) => history.pushState(null, "", path), address.replace(":id", customer.id));
    await page.getByRole("heading", { level: 1, name: address.includes(":id") ? customer.name : HEADINGS[address.split(/[/?]/)[1]] }).waitFor();
    if (address === "/customers") await page.getByRole("row").nth(1).waitFor();
    else await until(page, () => !document.querySelector("main .skeleton, main [aria-busy=true]"));
    for (const [role, name, permission] of items) {
      const item = page.getByRole(role, { name, exact: true }).first();
      if (permissions.includes(permission)) await item.waitFor();
      else assert.equal(await item.count(), 0, `${address}: ${name} without ${permission}`);
    }
  }
}

const WIDGETS = { "partner-kpis": "READ_ANALYTICS", "customer-statuses": "READ_CUSTOMERS", "license-trend": "READ_ANALYTICS", "activity-feed": "READ_ACTIVITY" };

/** A widget that the role may not see says so, calmly: there is nothing to try again. The page embeds all of them. */
export async function widgetsShowWhatTheRoleMaySee(page, embedding, origin, token, permissions) {
  page.setDefaultTimeout(60_000);
  await page.goto(embedding);
  await page.evaluate(async ([address, secret]) => (await import(`${address}/widgets.js`)).connect({ address, token: () => secret }), [origin, token]);
  for (const [name, permission] of Object.entries(WIDGETS)) {
    const widget = page.locator(name);
    const refusal = widget.getByText("Your role does not include these");
    await until(page, hasAnswered, name);
    assert.equal(await refusal.count(), permissions.includes(permission) ? 0 : 1, name);
    assert.equal(await widget.getByRole("button", { name: "Try again" }).count(), 0, name);
  }
  await page.close();
}

/** Whether a widget shows data, or a sentence instead of them. */
function hasAnswered(name) {
  const { shadowRoot } = document.querySelector(name);
  const state = shadowRoot.querySelector(".state");
  return state.hidden || (state.textContent !== "" && !/^(Loading|Not connected)/.test(state.textContent));
}
