/** Writes the manifest of graphql-codegen beside the built page: the server's trusted documents. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";

const NAME = "persisted-documents.json";

/** `generated` is the folder that graphql-codegen's client preset writes. */
export function manifest(generated: string): Plugin {
  return {
    name: "manifest",
    apply: "build",
    writeBundle: async ({ dir }) => copyFile(join(generated, NAME), join(dir ?? "dist", NAME)),
  };
}
