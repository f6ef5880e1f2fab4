/** Replaces each graphql(`…`) by its generated document, so that a page loads only the documents that it uses. */
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

const CALL = /\bgraphql\(\s*`([^`]*)`\s*,?\s*\)/g;
const NAME = /^\s*(query|mutation|subscription|fragment)\s+(\w+)/;
const GENERATED = /^export const (\w+) = (\{.*\}) as unknown as /gm;

/** `generated` is the graphql.ts of graphql-codegen's client preset, whose map of all documents is one module. */
export function inlinedDocuments(generated: string): Plugin {
  const documents = new Map<string, string>();
  return {
    name: "inlined-documents",
    enforce: "pre",
    apply: "build",
    async buildStart() {
      for (const [, name = "", document = ""] of (await readFile(generated, "utf8")).matchAll(GENERATED)) documents.set(name, document);
    },
    transform(code, id) {
      if (!id.includes("/dashboard/src/") || !code.includes("graphql(`")) return null;
      return { code: code.replace(CALL, (_, text: string) => documentOf(documents, text, id)), map: null };
    },
  };
}

function documentOf(documents: Map<string, string>, text: string, id: string): string {
  const [, kind, name] = NAME.exec(text) ?? [];
  const document = documents.get(`${name}${kind === "fragment" ? "FragmentDoc" : "Document"}`);
  if (!document) throw new Error(`${id}: ${name ?? text} has no generated document; run npm run generate.`);
  return `(${document})`;
}
