/** Every saved operation is valid against the schema whose SDL file is the argument, variables included. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { buildSchema, getVariableValues, parse, validate } from "graphql";

const folder = new URL("../operations/", import.meta.url);
const schema = buildSchema(readFileSync(process.argv[2], "utf8"));

function check(name) {
  const document = parse(readFileSync(new URL(name, folder), "utf8"));
  assert.deepEqual(validate(schema, document).map(String), [], name);
  const sheet = new URL(name.replace(/graphql$/, "json"), folder);
  const given = existsSync(sheet) ? JSON.parse(readFileSync(sheet, "utf8")) : {};
  for (const { variableDefinitions = [] } of document.definitions) {
    const { errors = [] } = getVariableValues(schema, variableDefinitions, given);
    assert.deepEqual(errors.map(String), [], name);
  }
}

const names = readdirSync(folder).filter((name) => name.endsWith(".graphql"));
assert.ok(names.length >= 5, "the saved operations are missing");
names.forEach(check);
console.log(`${names.length} operations are valid`);
