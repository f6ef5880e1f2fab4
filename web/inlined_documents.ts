/** Replaces each graphql(`…`) by the text of its document, so that a page loads only the documents that it uses. */
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

const CALL = /\bgraphql\(\s*`([^`]*)`\s*,?\s*\)/g;
const NAME = /^\s*(query|mutation|subscription|fragment)\s+(\w+)/;
const HASHED = /^export const (\w+)Document = \{"__meta__":\{"hash":"([\w:]+)"\}/gm;
const PARSER = "documentOfText";

/** `generated` is the folder of graphql-codegen's client preset; `parser` a module that exports `documentOfText`. */
export function inlinedDocuments(generated: string, parser: string): Plugin {
  const calls = new Map<string, string>();
  return {
    name: "inlined-documents",
    enforce: "pre",
    apply: "build",
    async buildStart() {
      const texts = JSON.parse(await readFile(`${generated}/persisted-documents.json`, "utf8")) as Record<string, string>;
      for (const [, name = "", hash = ""] of (await readFile(`${generated}/graphql.ts`, "utf8")).matchAll(HASHED)) {
        // The bundler leaves out what no page uses.
        calls.set(name, `/*#__PURE__*/${PARSER}(${JSON.stringify(texts[hash])}, "${hash}")`);
      }
    },
    transform(code, id) {
      if (!id.includes("/dashboard/src/") || !code.includes("graphql(`")) return null;
      const inlined = code.replace(CALL, (_, text: string) => callOf(calls, text, id));
      return { code: `import { ${PARSER} } from ${JSON.stringify(parser)};\n${inlined}`, map: null };
    },
  };
}

function callOf(calls: Map<string, string>, text: string, id: string): string {
  const [, kind, name = ""] = NAME.exec(text) ?? [];
  // A fragment is a part of the documents that use it.
  if (kind === "fragment") return "undefined";
  const call = calls.get(name);
  if (!call) throw new Error(`${id}: ${name || text} has no generated document; run npm run generate.`);
  return call;
}
