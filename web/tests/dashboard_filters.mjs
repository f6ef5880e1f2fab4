/** Every filter of the API has a chip, which counts its values as the API does; every order can be chosen. */
import assert from "node:assert/strict";
import { until } from "./browser.mjs";
import { keepsTheFocus, showsTotal } from "./page_shape.mjs";

/** The chips whose values the API counts as facets. */
const FACETS = { "Managed by": "managedBy", "Subscription type": "subscriptionType", Tag: "tag", Administrator: "administrator", Country: "country", Invoice: "invoiceState" };
/** Those whose values it does not, with the filters of the values. */
const COUNTED = {
  "Expires within": [7, 30, 60, 90, 180].map((expiresWithinDays) => ({ expiresWithinDays })),
  "Has administrators": [{ hasAssignments: true }, { hasAssignments: false }],
  "Key figure": ["TOTAL_CUSTOMERS", "NEARING_EXPIRATION", "NEARING_RENEWAL", "LOW_LICENSE_ASSIGNMENT", "OVER_LICENSE_LIMIT"].map((kind) => ({ kpi: { kind } })),
};
const TOTAL = "query ($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }";
const used = (numbers) => numbers.filter((number) => number > 0).sort((one, other) => one - other);
const chip = (page, name) => page.getByRole("search").getByRole("button", { name });

/** The numbers at the values of a chip's menu, in its order; some are counted when the menu is about to open. */
async function numbersOf(page, name) {
  await chip(page, name).click();
  await until(page, () => {
    const values = [...document.querySelectorAll("[role=menu] [role^=menuitem], [role=menu] .menu-empty")];
    return values.length > 0 && values.every((value) => value.matches(".menu-empty") || value.querySelector(".menu-item-end"));
  });
  const texts = await page.locator("[role=menu] .menu-item-end").allInnerTexts();
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  return texts.map(Number);
}

/** It opens at once: who adds a condition is about to choose its values. */
async function addChip(page, name, opened) {
  await chip(page, "More filters").click();
  await page.getByRole("menuitem", { name }).click();
  await page.getByRole(opened, { name }).waitFor();
}

export async function everyChipCountsAsTheApi(page, query) {
  const { customers } = await query(`{ customers(first: 1) { facets { ${Object.values(FACETS).map((name) => `${name} { count }`).join(" ")} } } }`);
  for (const [name, facet] of Object.entries(FACETS))
    assert.deepEqual(used(await numbersOf(page, name)), used(customers.facets[facet].map(({ count }) => count)), name);
  for (const name of ["Has administrators", "Key figure"]) {
    await addChip(page, name, "menu");
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    await until(page, (text) => document.activeElement.innerText.startsWith(text), name);
  }
  for (const [name, filters] of Object.entries(COUNTED)) {
    const totals = await Promise.all(filters.map((filter) => query(TOTAL, { filter })));
    assert.deepEqual(await numbersOf(page, name), totals.map((answer) => answer.customers.totalCount), name);
  }
}

/** A range of days, and what programs join by allOf, anyOf and not. */
export async function showsFiltersWithoutValues(page, origin, query) {
  const all = (await query(TOTAL)).customers.totalCount;
  await addChip(page, "Created", "dialog");
  await page.getByRole("dialog").getByLabel("Last day").fill("2020-01-31");
  await showsTotal(page, 0);
  assert.equal(new URL(page.url()).searchParams.get("createdAtUntil"), "2020-02-01T00:00:00.000Z");
  await page.keyboard.press("Escape");
  await chip(page, "Clear all").click();
  await showsTotal(page, all);
  await keepsTheFocus(page);
  const filter = { not: { status: ["TRIAL"] } };
  await page.goto(`${origin}/customers?${new URLSearchParams({ conditions: JSON.stringify(filter) })}`);
  await showsTotal(page, (await query(TOTAL, { filter })).customers.totalCount);
  await chip(page, "Other conditions of a view").click();
  await showsTotal(page, all);
  await keepsTheBarLow(page, origin);
}

const SEVERAL = "status=TRIAL&status=EXPIRED&product=MEETINGS&managedBy=PARTNER_ORGANIZATION&country=DE&expiresWithinDays=90";
/** Two lines of chips with the space around them. */
const MOST_HEIGHT = 100;

/** Chips without a value give way to those that have one, and wait in a menu; a name from right to left stands for itself. */
async function keepsTheBarLow(page, origin) {
  await page.goto(`${origin}/customers?${SEVERAL}`);
  await chip(page, /^Status Trial \+1/).waitFor();
  const { height } = await page.getByRole("search").boundingBox();
  assert.ok(height <= MOST_HEIGHT, `the bar is ${height} pixels high`);
  assert.equal(await chip(page, "Invoice").count(), 0);
  await addChip(page, "Invoice", "menu");
  await page.keyboard.press("Escape");
  await chip(page, "Clear all").click();
  await chip(page, "Administrator").waitFor();
  await page.goto(`${origin}/customers?search=WEB-29`);
  await page.getByRole("checkbox", { name: "Select \u2068כרמל אנרגיה (2019)\u2069" }).waitFor();
  await chip(page, "Clear all").click();
}

export async function ordersByCreation(page, query) {
  await chip(page, /^Order/).click();
  await page.getByRole("menuitemradio", { name: "Created" }).click();
  const { customers } = await query("{ customers(orderBy: {field: CREATED_AT}, first: 1) { nodes { name } } }");
  await page.locator(".table-data").first().getByRole("link", { name: customers.nodes[0].name }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("order"), "CREATED_AT");
}

/** The activity of a customer whose trial was extended, as the page of the customer shows it. */
export async function filtersTheActivity(page) {
  await page.getByRole("tab", { name: "Activity" }).click();
  const events = page.locator(".timeline").getByRole("listitem");
  await events.nth(1).waitFor();
  await chip(page, "Kind of event").click();
  await page.getByRole("menuitemcheckbox", { name: "Trial extended" }).click();
  await until(page, () => document.querySelectorAll(".timeline > li").length === 1);
  assert.match(await events.innerText(), /extended/);
  assert.equal(new URL(page.url()).searchParams.get("kind"), "TRIAL_EXTENDED");
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
}
