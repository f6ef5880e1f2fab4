/** Writes what a normalized cache must know of the schema: the types of an interface, and the types without an id. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { buildSchema, isAbstractType, isObjectType } from "graphql";

const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
const abstract = types.filter(isAbstractType);
const possibleTypes = Object.fromEntries(abstract.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]));
const typesWithoutId = types.filter((type) => isObjectType(type) && !("id" in type.getFields())).map(({ name }) => name);
const text = `/** Written by client/write_types.mjs from schema.graphql. */

/** The types that implement an interface: \`possibleTypes\` of Apollo's InMemoryCache. */
export const possibleTypes: Record<string, string[]> = ${JSON.stringify(possibleTypes)};

/** Types whose objects have no id: a normalized cache keeps them as a part of the object around them. */
export const typesWithoutId: readonly string[] = ${JSON.stringify(typesWithoutId)};
`;
const target = new URL("src/types.ts", import.meta.url);
// A newer file would let make setup build the pages again.
if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
