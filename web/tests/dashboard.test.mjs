/**
 * The dashboard against a running server, in Chromium. Environment:
 *   PARTNERHUB_URL                     the server
 *   PARTNERHUB_TOKENS                  a token for each role, as JSON
 *   PARTNERHUB_PAGE                    another origin, which the server allows: its page embeds the widgets
 *   PARTNERHUB_SCREENSHOTS             a directory for pictures, where they are wanted
 * A line "DO name" on standard output asks whoever reads it to do something; it then answers with a line.
 */
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { isAccessible } from "./accessibility.mjs";
import { openBrowser, until } from "./browser.mjs";
import { acknowledgesAlertsAndEndsTheirRule, getsAndSnoozesAnAlert } from "./dashboard_alerts.mjs";
import { kpisOpenTheirCustomers } from "./dashboard_analytics.mjs";
import { connectsAWebhook, exportsTheList, showsBothVersions, showsCallingEngagement, showsForecasts } from "./dashboard_integrations.mjs";
import { changesAndConverts, changesTheOrganization, findsAResource, launchesACustomer } from "./dashboard_changes.mjs";
import { everyChipCountsAsTheApi, filtersTheActivity, ordersByCreation, showsFiltersWithoutValues } from "./dashboard_filters.mjs";
import { everyFormShowsItsMistakes } from "./dashboard_forms.mjs";
import { savesAView, worksByKeyboard } from "./dashboard_list.mjs";
import { changesWithinASecond } from "./dashboard_latency.mjs";
import { noPageIsEmptyOrBroken, roleSeesWhatItMay, widgetsShowWhatTheRoleMaySee } from "./dashboard_roles.mjs";
import { changesAndDeletesATag } from "./dashboard_tags.mjs";
import { openEmbeddingPage } from "./embedding_page.mjs";
import { row, showsTotal } from "./page_shape.mjs";

const { PARTNERHUB_URL, PARTNERHUB_TOKENS, PARTNERHUB_PAGE, PARTNERHUB_SCREENSHOTS } = process.env;
const origin = new URL(PARTNERHUB_URL).origin;
const tokens = JSON.parse(PARTNERHUB_TOKENS);
const PATIENCE_MS = 60_000;
const PHONE = { width: 360, height: 780 };
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(name) {
  console.log(`DO ${name}`);
  await lines.next();
}

async function query(text, variables = {}, role = "FULL_ADMINISTRATOR") {
  const answer = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${tokens[role]}` },
    body: JSON.stringify({ query: text, variables }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined);
  return data;
}

async function openAs(context, role, path = "/") {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  // Another role has another tab's session: nothing is asked of the tabs that are open.
  await page.addInitScript((token) => sessionStorage.setItem("partnerhub:token", token), tokens[role]);
  await page.goto(`${origin}${path}`);
  return page;
}

/** Chromium draws a page that another one hides once a second, and a click waits for two pictures. */
async function toFront(page) {
  await page.bringToFront();
  return page;
}

const total = (page) => page.locator(".customers-total").innerText();

/** A page with what it shows when somebody looks at it. */
async function screenshot(page, name) {
  await isAccessible(page);
  if (PARTNERHUB_SCREENSHOTS) await page.screenshot({ path: `${PARTNERHUB_SCREENSHOTS}/${name}.png` });
}

async function signsInWithAToken(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(origin);
  await page.getByLabel("Access token").fill(`Authorization: Bearer ${tokens.FULL_ADMINISTRATOR}`);
  await page.getByRole("button", { name: "Sign in with the token" }).click();
  await page.getByRole("heading", { name: /^Customers/ }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/customers");
  // A second tab of the same browser is signed in, too.
  const second = await context.newPage();
  second.setDefaultTimeout(PATIENCE_MS);
  await second.goto(origin);
  await second.getByRole("heading", { name: /^Customers/ }).waitFor();
  await second.close();
  await page.close();
}

async function filtersAsTheApiCounts(page) {
  const { customers } = await query("{ customers(filter: {status: [TRIAL]}) { totalCount } }");
  await page.getByRole("search").getByRole("button", { name: "Status" }).click();
  const value = page.getByRole("menuitemcheckbox", { name: /^Trial/ });
  assert.match(await value.innerText(), new RegExp(`\\b${customers.totalCount}$`));
  await value.click();
  await page.keyboard.press("Escape");
  await showsTotal(page, customers.totalCount);
  assert.match(page.url(), /status=TRIAL/);
  await screenshot(page, "customers-filtered");
  await page.goBack();
  await until(page, (count) => document.querySelector(".customers-total")?.textContent !== count, String(customers.totalCount));
}

async function aTagAppearsInAnotherWindow(page, other) {
  await row(page, "Alpine Bakery").getByRole("button", { name: /^Edit the tags/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Search or create a tag").fill("Call before Friday");
  await dialog.getByRole("button", { name: "Create the tag “Call before Friday”" }).click();
  await dialog.getByText("1 of 1 customers will change").waitFor();
  await dialog.getByRole("button", { name: "Tag 1 customer" }).click();
  await dialog.waitFor({ state: "detached" });
  await row(other, "Alpine Bakery").getByText("Call before Friday").waitFor();
}

async function anOverageChangesRowTileAndWidget(page, analytics, widgets) {
  assert.equal(await row(page, "Alpine Bakery").getByText("License overage").count(), 0);
  const statuses = widgets.locator("customer-statuses");
  await statuses.getByText("No customer has one of these statuses").waitFor();
  await analytics.locator(".tile-figure").first().waitFor();
  await changesWithinASecond(ask, { page, analytics, widgets });
  await statuses.getByRole("button", { name: "Alpine Bakery" }).click();
  assert.match(await widgets.evaluate(() => globalThis.chosen.id), /^cus_/);
  await widgets.locator("activity-feed").getByRole("listitem").first().waitFor();
  await widgets.locator("license-trend").getByText("No figures yet").waitFor();
  await screenshot(widgets, "widgets");
}

async function catchesUpAfterARestart(page) {
  await ask("stop");
  await page.getByText("Reconnecting").waitFor();
  await page.getByText("The connection is lost").waitFor();
  await ask("start");
  await page.getByText("Live", { exact: true }).waitFor();
  await ask("rename");
  await row(page, "Alpine Bakery and Sons").waitFor();
}

async function saysThatTheTokenIsRefused(widgets) {
  await widgets.evaluate(async (address) => {
    document.addEventListener("partnerhub-refused", ({ target }) => { globalThis.refused = [...(globalThis.refused ?? []), target.localName]; });
    (await import(`${address}/widgets.js`)).connect({ address, token: () => "not-a-token" });
  }, origin);
  await until(widgets, () => new Set(globalThis.refused).size === 4);
  await widgets.locator("partner-kpis").getByText("Sign in again").waitFor();
}

async function showsMistakesAtTheirFields(page) {
  await page.getByRole("button", { name: "Start trial", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Days/).fill("400");
  await dialog.getByRole("button", { name: /^Start trial for 25/ }).click();
  await dialog.getByText(/A trial lasts at most 90 days/).waitFor();
  await screenshot(page, "start-trial");
  await dialog.getByLabel("Name of the new customer").fill("Novi Kupac d.o.o.");
  await dialog.getByLabel(/^Days/).fill("30");
  await dialog.getByRole("button", { name: /^Start trial for 25/ }).click();
  await page.getByRole("heading", { name: "Novi Kupac d.o.o." }).waitFor();
  await page.getByText("Trials", { exact: true }).waitFor();
  await screenshot(page, "customer-trials");
}

async function extendsATrial(page) {
  await page.getByRole("button", { name: "Extend" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^Extend until/ }).click();
  await page.getByText(/^Extended by 14 days/).waitFor();
  await page.getByRole("tab", { name: "Trends" }).click();
  await page.getByRole("img", { name: /^Meetings licenses/ }).or(page.getByText("No trends yet")).waitFor();
}

async function asksTheHelpdesk(page) {
  await page.goto(`${origin}/resources`);
  await page.getByRole("button", { name: "Contact the helpdesk" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Subject").fill("Queue calls overflow");
  await dialog.getByRole("button", { name: "Send to the helpdesk" }).click();
  await dialog.getByText("The message is blank.").waitFor();
  await dialog.getByLabel("Message").fill("On Mondays, between 8:00 and 9:00.");
  await dialog.getByRole("button", { name: "Send to the helpdesk" }).click();
  await page.getByRole("cell", { name: /^Queue calls overflow/ }).waitFor();
  await screenshot(page, "resources");
}

async function setsUpTheOrganization(page) {
  await page.goto(`${origin}/organization`);
  await page.getByText("completed on").waitFor();
  await page.getByLabel(/^Country/).fill("Germany");
  await page.getByLabel("Contact e-mail address").fill("hello@partner.example");
  await page.getByRole("button", { name: "Save profile and complete the step" }).click();
  await page.locator(".field-error").waitFor();
  await page.getByLabel(/^Country/).fill("DE");
  await page.getByRole("button", { name: "Save profile and complete the step" }).click();
  await page.getByRole("button", { name: "Complete this step" }).waitFor();
  await screenshot(page, "organization");
}

async function invitesAndChangesAnAdministrator(page) {
  await page.getByRole("tab", { name: "Administrators" }).click();
  await page.getByRole("button", { name: "Invite administrator" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail address").fill("mira@partner.example");
  await dialog.getByLabel("Name").fill("Mira Petrović");
  await dialog.getByRole("button", { name: "Invite as Administrator" }).click();
  await page.getByRole("button", { name: "Change Mira Petrović" }).click();
  await dialog.getByLabel("Role").selectOption("HELPDESK_ADMINISTRATOR");
  await dialog.getByText("0 assignments to customers end.").waitFor();
  await dialog.getByRole("button", { name: "Save Mira Petrović" }).click();
  await page.getByRole("row", { name: /Mira Petrović.*Helpdesk administrator/ }).waitFor();
  await screenshot(page, "administrators");
  await page.getByRole("tab", { name: "Roles" }).click();
  await page.getByRole("rowheader", { name: "Manage integrations" }).waitFor();
}

/** The full administrator has seen everything in the steps before. */
async function eachRoleSeesWhatItMay(context) {
  const { customers } = await query(`{ customers(filter: {search: "Novi"}) { nodes { id name } } }`);
  for (const role of ["ADMINISTRATOR", "READ_ONLY_ADMINISTRATOR", "HELPDESK_ADMINISTRATOR"]) {
    const { viewer } = await query("{ viewer { permissions } }", {}, role);
    const page = await openAs(context, role, "/customers");
    await roleSeesWhatItMay(page, viewer.permissions, customers.nodes[0]);
    // One of the roles that see the same pages has a phone.
    if (role === "READ_ONLY_ADMINISTRATOR") await page.setViewportSize(PHONE);
    await noPageIsEmptyOrBroken(page);
    await page.close();
    await widgetsShowWhatTheRoleMaySee(await context.newPage(), PARTNERHUB_PAGE, origin, tokens[role], viewer.permissions);
  }
}

const browser = await openBrowser(origin);
try {
  await signsInWithAToken(browser.context);
  const page = await openAs(browser.context, "FULL_ADMINISTRATOR", "/");
  await row(page, "Alpine Bakery").waitFor();
  await screenshot(page, "customers");
  const other = await openAs(browser.context, "FULL_ADMINISTRATOR", "/customers");
  await row(other, "Alpine Bakery").waitFor();
  assert.equal(await total(page), String((await query("{ customers { totalCount } }")).customers.totalCount));
  await filtersAsTheApiCounts(await toFront(page));
  await aTagAppearsInAnotherWindow(page, other);
  await everyChipCountsAsTheApi(page, query);
  await showsFiltersWithoutValues(page, origin, query);
  await ordersByCreation(page, query);
  const embedding = await openEmbeddingPage(browser.context, PARTNERHUB_PAGE, origin, tokens.FULL_ADMINISTRATOR);
  const analytics = await openAs(browser.context, "FULL_ADMINISTRATOR", "/analytics");
  await anOverageChangesRowTileAndWidget(other, analytics, embedding.page);
  await analytics.close();
  await showsMistakesAtTheirFields(await toFront(page));
  await extendsATrial(page);
  await filtersTheActivity(page);
  await worksByKeyboard(page, origin);
  await savesAView(page, origin, query);
  await kpisOpenTheirCustomers(page, query, screenshot);
  await showsCallingEngagement(page, origin);
  await screenshot(page, "calling");
  await asksTheHelpdesk(page);
  await setsUpTheOrganization(page);
  await invitesAndChangesAnAdministrator(page);
  await connectsAWebhook(page, origin);
  await showsBothVersions(page, query);
  await exportsTheList(page, origin, query);
  await showsForecasts(page, origin, query);
  await getsAndSnoozesAnAlert(page, origin);
  await acknowledgesAlertsAndEndsTheirRule(page, query);
  await everyFormShowsItsMistakes(page, query);
  await launchesACustomer(page, origin, query, browser);
  await changesTheOrganization(page, origin, query);
  await findsAResource(page, origin);
  await changesAndDeletesATag(page, other, query, "Call before Friday");
  await eachRoleSeesWhatItMay(browser.context);
  await changesAndConverts(await toFront(page), origin, query);
  assert.deepEqual(browser.complaints, []);
  await catchesUpAfterARestart(await toFront(other));
  await embedding.page.locator("customer-statuses").getByRole("button", { name: "Alpine Bakery and Sons" }).waitFor();
  await saysThatTheTokenIsRefused(embedding.page);
  await embedding.close();
  assert.deepEqual(browser.foreign.filter((address) => !address.startsWith(`${PARTNERHUB_PAGE}/`)), []);
} catch (failure) {
  console.error("the console:", browser.complaints);
  for (const page of browser.context.pages()) console.error("a page:", page.url(), await page.locator("body").innerText({ timeout: 2_000 }).catch(String));
  throw failure;
} finally {
  await browser.close();
}
process.exit(0);
