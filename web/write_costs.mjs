/** Writes the declared costs and list sizes, which introspection does not contain, for the docs explorer of GraphiQL. */
import { readFileSync, writeFileSync } from "node:fs";
import { buildSchema, getDirectiveValues, isObjectType } from "graphql";

const schema = buildSchema(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8"));
const [cost, listSize] = ["cost", "listSize"].map((name) => schema.getDirective(name));

function sentenceOf(node) {
  const weight = getDirectiveValues(cost, node)?.weight;
  const size = getDirectiveValues(listSize, node);
  const parts = [`Cost: ${weight ?? 1}.`];
  const slicing = (size?.slicingArguments ?? []).map((name) => `\`${name}\``).join(" or ");
  if (size?.typicalSize != null) parts.push(`Usual length: ${size.typicalSize}, at most ${size.assumedSize}.`);
  else if (slicing) parts.push(`Length: ${slicing}; without, ${size.assumedSize}.`);
  else if (size) parts.push(`Length: at most ${size.assumedSize}.`);
  return parts.join(" ");
}

const costs = {};
for (const type of Object.values(schema.getTypeMap()).filter((each) => isObjectType(each) && !each.name.startsWith("__"))) {
  for (const { name, astNode } of Object.values(type.getFields())) {
    if (astNode.directives.some((each) => ["cost", "listSize"].includes(each.name.value))) costs[`${type.name}.${name}`] = sentenceOf(astNode);
  }
}
writeFileSync(
  new URL("src/field_costs.ts", import.meta.url),
  `/** Written by write_costs.mjs from schema.graphql. */\nexport const fieldCosts: Record<string, string> = ${JSON.stringify(costs, null, 1)};\n`,
);
