/** Steps of dashboard.test.mjs: what a full administrator changes by the forms of a customer and of the organization. */
import assert from "node:assert/strict";

const CUSTOMER = `query ($id: ID!) { node(id: $id) { ... on Customer {
  subscriptions { number licenses { total } } assignments { expiresAt administrator { email } } } } }`;
const DAY_MS = 86_400_000;

/** The customer whose trial was started before: until when an administrator sees it, other licenses, a subscription. */
export async function changesAndConverts(page, origin, query) {
  const { customers } = await query('{ customers(filter: {search: "Novi"}) { nodes { id } } }');
  const { id } = customers.nodes[0];
  const read = async () => (await query(CUSTOMER, { id })).node;
  const dialog = page.getByRole("dialog");
  const send = async (name) => {
    await dialog.getByRole("button", { name }).click();
    await dialog.waitFor({ state: "detached" });
  };
  await page.goto(`${origin}/customers/${id}?tab=administrators`);
  const day = new Date(Date.now() + 30 * DAY_MS).toISOString().slice(0, 10);
  await page.getByRole("button", { name: "Add administrator" }).click();
  await dialog.getByLabel("Administrator", { exact: true }).selectOption({ label: "Administrator (admin@acme.example)" });
  await dialog.getByLabel(/^Until/).fill(day);
  await send(/^Assign to/);
  const assigned = page.getByRole("row").filter({ hasText: "admin@acme.example" });
  await assigned.getByText(new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" }).format(new Date(day))).waitFor();
  const { assignments } = await read();
  assert.equal(assignments.find(({ administrator }) => administrator.email === "admin@acme.example").expiresAt.slice(0, 10), day);
  await page.getByRole("button", { name: "Launch", exact: true }).click();
  await page.getByText("The customer has no id in the ordering system yet, and so no console.").waitFor();
  await page.getByRole("tab", { name: "Trials" }).click();
  await page.getByRole("button", { name: "Change licenses" }).click();
  await dialog.getByLabel("Meetings licenses").fill("40");
  await send("Change licenses");
  await page.locator(".license-lines").getByText(/\b40$/).waitFor();
  await page.getByRole("button", { name: "Convert", exact: true }).click();
  await dialog.getByLabel(/^Number/).fill("CONV-1");
  await send("Convert to a subscription");
  await page.getByText("Converted to the subscription CONV-1").waitFor();
  assert.deepEqual((await read()).subscriptions, [{ number: "CONV-1", licenses: [{ total: 40 }] }]);
  await page.getByRole("tab", { name: "Subscriptions" }).click();
  await page.getByRole("heading", { name: "CONV-1" }).waitFor();
}

/** A launch opens a tab, whose address of this server leads to the customer's console once. */
export async function launchesACustomer(page, origin, query, browser) {
  const { customers } = await query('{ customers(filter: {search: "Alpine"}) { nodes { id } } }');
  await page.goto(`${origin}/customers/${customers.nodes[0].id}`);
  const followed = page.context().waitForEvent("request", (request) => request.redirectedFrom()?.url().includes("/launch/"));
  await page.getByRole("button", { name: "Launch", exact: true }).click();
  const console = (await followed).url();
  assert.match(console, /^https:/);
  await (await followed).frame().page().close();
  // Nothing but the tab that was asked for leaves the server.
  assert.deepEqual(browser.foreign.splice(0).filter((address) => address !== console && !address.startsWith(`${process.env.PARTNERHUB_PAGE}/`)), []);
}

/** A service is switched off and on, a setting is saved, and a resource is found. */
export async function changesTheOrganization(page, origin, query) {
  await page.goto(`${origin}/organization?tab=services`);
  const dialog = page.getByRole("dialog");
  for (const [name, state] of [["Turn on Meetings", "On"], ["Turn on Calling", "On"], ["Turn off Calling", "Off"]]) {
    await page.getByRole("button", { name }).click();
    await dialog.getByRole("button", { name }).click();
    await dialog.waitFor({ state: "detached" });
    await page.locator(".service-cards li", { hasText: name.split(" ")[2] }).getByText(state, { exact: true }).waitFor();
  }
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByLabel(/^Days of a trial/).fill("45");
  await page.getByRole("button", { name: "Save settings" }).click();
  await page.getByText("Saved.", { exact: true }).waitFor();
  const { viewer } = await query("{ viewer { partner { settings { trialDays } } } }");
  assert.equal(viewer.partner.settings.trialDays, 45);
}

/** Resources by search and by kind; what was chosen stands in the address. */
export async function findsAResource(page, origin) {
  await page.goto(`${origin}/resources`);
  const all = page.getByRole("region", { name: "All resources" });
  const shows = async (titles) => assert.deepEqual(await all.locator("h3").allTextContents(), titles);
  await all.getByText("Call queues for beginners").waitFor();
  await all.getByRole("searchbox").fill("queue");
  await all.getByText("Rooms in a day").waitFor({ state: "detached" });
  await shows(["Call queues for beginners", "Queues of the spring release"]);
  await all.getByRole("button", { name: "Kind" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Guide" }).click();
  await page.keyboard.press("Escape");
  await all.getByText("Queues of the spring release").waitFor({ state: "detached" });
  await shows(["Call queues for beginners"]);
  assert.equal(new URL(page.url()).search, "?search=queue&kind=GUIDE");
  await all.getByRole("button", { name: "Clear all" }).click();
  await all.getByText("Rooms in a day").waitFor();
}
