/** What axe finds on a page, of the kinds that keep somebody from using it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

const SOURCE = new URL("node_modules/axe-core/axe.min.js", import.meta.url);
const IMPACTS = ["serious", "critical"];

export async function isAccessible(page) {
  // As the other clients, axe may be missing where nobody ran `make client-packages`; CI requires it.
  if (!existsSync(SOURCE) && process.env.PARTNERHUB_REQUIRE_CLIENTS !== "1") return;
  assert.deepEqual(await seriousFaults(page), [], page.url());
}

export async function seriousFaults(page) {
  await page.evaluate(await readFile(SOURCE, "utf8"));
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, impact, nodes }) => ({ id, impact, element: nodes[0].html }));
  });
  return found.filter(({ impact }) => IMPACTS.includes(impact));
}
