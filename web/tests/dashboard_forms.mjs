/**
 * Every form of the dashboard, sent with mistakes: what the server reports about a field stands at this field, and what
 * belongs to no field that the form shows stands above its buttons. The walk changes what is sent, not what is typed.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { until } from "./browser.mjs";

const SOURCE = new URL("../dashboard/src/", import.meta.url);
const LONG = "x".repeat(300);
const UNKNOWN_ID = { id: "none" };
const BAD_KEY = { idempotencyKey: LONG };
/** Their button opens a tab, or stands beside the state of a step: there is no form in which a mistake could stand. */
const WITHOUT_A_FORM = [
  "AcceptTerms", "AcknowledgeAlerts", "CompleteOrderSetup", "CompleteSetupStep", "DeleteCustomerView", "LaunchCustomer",
  "LaunchOrganization", "SnoozeAlerts", "TestWebhook",
];

/** Buttons, or other steps, that open the form, the one that sends it, what is sent instead, the labels of fields with mistakes. */
const form = (mutation, open, send, input, labels = {}) => ({ mutation, open, send, input, labels });
const chooseTag = (page) => page.getByRole("dialog").getByText("Call before Friday").click();
const typeATag = (page) => page.getByLabel("Search or create a tag").fill("Another tag");
const selectARow = (page) => page.getByRole("checkbox", { name: /^Select/ }).first().check();
const downloadOf = (name) => (page) => page.getByRole("region", { name }).getByRole("button", { name: /^Download/ }).click();

const forms = (customer) => ({
  [`/customers/${customer}?tab=trials`]: [
    form("UpdateCustomer", ["Edit customer"], /^Save /, { name: "", country: "DEU" }, { name: "Name", country: /^Country/ }),
    form("StartTrial", ["Start trial"], /^Start trial for/, { days: 400 }, { days: /^Days/ }),
    form("ExtendTrial", ["Extend"], /^Extend until/, { days: 0 }, { days: "More days" }),
    form("ChangeTrial", ["Change licenses"], "Change licenses", { licenses: [{ product: "MEETINGS", licenses: 0 }] }),
    form("ConvertTrial", ["Convert"], /^Convert to/, { number: "", months: 0 }, { number: /^Number/, months: /^Months/ }),
    form("EndTrial", ["End"], /^End trial/, UNKNOWN_ID),
  ],
  [`/customers/${customer}?tab=administrators`]: [
    form("AssignAdministrator", ["Add administrator"], /^Assign to/, { administrator: "none" }, { administrator: "Administrator" }),
    form("UnassignAdministrator", [(page) => page.getByRole("button", { name: /^Remove / }).first().click()], /^Remove /, { administrator: "none" }),
  ],
  "/customers?status=TRIAL": [
    form("SaveCustomerView", ["+ Save view"], "Save view", { name: "" }, { name: "Name" }),
    form("ExportCustomers", ["Export"], /^Download/, BAD_KEY),
    form("CreateTag", [/^Edit the tags/, typeATag], /^Create the tag/, { name: LONG }),
  ],
  "/customers?search=Alpine": [
    form("AssignTags", [/^Edit the tags/], chooseTag, { tags: ["none"] }),
    form("RemoveTags", [selectARow, "Remove tag …"], chooseTag, { tags: ["none"] }),
  ],
  "/resources": [
    form("RequestHelpdesk", ["Contact the helpdesk"], "Send to the helpdesk", { subject: "", message: "" }, { subject: "Subject", message: "Message" }),
    form("CloseHelpdeskRequest", [/^Close the request/], "Close request", UNKNOWN_ID),
  ],
  "/organization?tab=administrators": [
    form("InviteAdministrator", ["Invite administrator"], /^Invite as/, { email: "none", displayName: "" }, { email: "E-mail address", displayName: "Name" }),
    form("ChangeAdministrator", ["Change Mira Petrović"], /^Save /, { displayName: "" }, { displayName: "Name" }),
    form("RemoveAdministrator", ["Remove Mira Petrović"], "Remove Mira Petrović", UNKNOWN_ID),
  ],
  "/organization?tab=tags": [
    form("UpdateTag", ["Change Call before Friday"], /^Save /, { name: "", rule: { kpi: { kind: "LOW_LICENSE_ASSIGNMENT" } } }, { name: "Name", rule: "Assigned by" }),
    form("DeleteTag", ["Delete Call before Friday"], /^Delete Call before Friday from 1 customer/, UNKNOWN_ID),
  ],
  "/organization?tab=profile": [form("UpdateOrganization", [], "Save profile", { name: "", country: "DEU" }, { name: "Name", country: /^Country/ })],
  "/organization?tab=services": [form("SetService", [/^Turn o/], /^Turn o/, { product: "DEVICES" })],
  "/organization?tab=settings": [form("ChangeSettings", [], "Save settings", { expiringSoonDays: 0, trialDays: 91 }, { expiringSoonDays: /Expiring soon/, trialDays: /^Days of a trial/ })],
  "/integrations": [
    form("CreateWebhook", ["Create webhook"], "Create webhook", { name: "", url: "none" }, { name: "Name", url: "Address" }),
    // It stays open for the forms below.
    form("UpdateWebhook", ["Changed here", "Change"], /^Save /, { name: "", url: "none" }, { name: "Name", url: "Address" }),
    form("RotateWebhookSecret", ["New secret"], "New secret", UNKNOWN_ID),
    form("ReplayWebhook", ["Replay"], "Replay", { after: "none" }, { after: /^Cursor/ }),
    form("DeleteWebhook", ["Delete"], /^Delete /, UNKNOWN_ID),
  ],
  "/integrations?tab=exports": [
    form("ExportLicenseReport", [], downloadOf("License report"), { days: 0 }, { days: /^Days of the report/ }),
    form("ExportActivity", [], downloadOf("Activity log"), BAD_KEY),
  ],
  "/alerts?tab=rules": [
    form("SaveAlertRule", ["Change Overage"], /^Save /, { name: "", statuses: [] }, { name: "Name", statuses: /^Statuses/ }),
    form("DeleteAlertRule", ["Delete Overage"], "Delete Overage", UNKNOWN_ID),
  ],
});

/** Walks all forms of the page's administrator in one page; needs what the earlier steps have made. */
export async function everyFormShowsItsMistakes(page, query) {
  const customer = await prepare(query);
  const walked = [];
  await page.evaluate(notesOpeners);
  let sent = {};
  await page.route("**/graphql", (route) => {
    const body = route.request().postDataJSON();
    if (body?.variables?.input) Object.assign(body.variables.input, sent);
    return route.continue({ postData: JSON.stringify(body) });
  });
  for (const [path, ofPage] of Object.entries(forms(customer))) {
    await page.evaluate((address) => history.pushState(null, "", address), path);
    for (const each of ofPage) {
      sent = {};
      if (process.env.DEBUG) console.log(each.mutation);
      for (const step of each.open) await take(step, page, page);
      sent = each.input;
      await showsItsMistakes(page, each);
      walked.push(each.mutation);
    }
  }
  await page.unroute("**/graphql");
  assert.deepEqual(mutationsOfTheDashboard().filter((name) => !walked.includes(name) && !WITHOUT_A_FORM.includes(name)), []);
}

/** Runs in the page: keeps the button outside of dialogs that was pressed last. */
function notesOpeners() {
  document.addEventListener("click", ({ target }) => (globalThis.opener = target.closest("[role=dialog]") ? globalThis.opener : (target.closest("button") ?? globalThis.opener)), true);
}

function take(step, page, root) {
  return typeof step === "function" ? step(page) : root.getByRole("button", { name: step, exact: true }).first().click();
}

async function showsItsMistakes(page, { mutation, open, send, labels }) {
  const root = open.length > 0 ? page.getByRole("dialog") : page.getByRole("main");
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().postDataJSON()?.variables?.input !== undefined),
    take(send, page, root),
  ]);
  const { data, errors } = await answer.json();
  const { userErrors } = Object.values(data ?? {}).find((payload) => payload?.userErrors) ?? assert.fail(`${mutation}: ${JSON.stringify(errors)}`);
  assert.ok(userErrors.length > 0, `${mutation}: the server reports no mistake`);
  assert.deepEqual(Object.keys(labels).filter((name) => !userErrors.some(({ field }) => field[1] === name)), [], mutation);
  for (const { message, field } of userErrors) {
    const label = labels[field[1]];
    const place = label ? root.locator(".field", { has: page.getByText(label, { exact: true }) }) : root;
    const error = place.locator(".field-error", { hasText: message }).first();
    await error.waitFor();
    // Readers hear it again where the field gets the focus.
    if (label) assert.equal(await error.evaluate(({ id }) => document.querySelectorAll(`[aria-describedby~="${id}"]`).length), 1, `${mutation}: ${label}`);
  }
  if (open.length === 0) return;
  await page.keyboard.press("Escape");
  await root.waitFor({ state: "detached" });
  // Who works with the keyboard goes on at the button that opened the dialog.
  await until(page, () => document.activeElement === globalThis.opener);
}

/** The customer of the trial that was started before, with an administrator assigned to it. */
async function prepare(query) {
  const { customers, administrators } = await query(`{
    customers(filter: {search: "Novi"}) { nodes { id } } administrators(search: "admin@acme.example") { nodes { id } } }`);
  const customer = customers.nodes[0].id;
  const input = { customers: [customer], administrator: administrators.nodes[0].id };
  await query("mutation ($input: AssignAdministratorInput!) { assignAdministrator(input: $input) { userErrors { code } } }", { input });
  return customer;
}

function mutationsOfTheDashboard() {
  const files = readdirSync(SOURCE, { recursive: true }).filter((name) => /\.tsx?$/.test(name) && !name.startsWith("gql"));
  return files.flatMap((name) => [...readFileSync(new URL(name, SOURCE), "utf8").matchAll(/^\s*mutation (\w+)/gm)].map(([, mutation]) => mutation));
}
