/** Writes the types of every operation of the dashboard and widgets, and the manifest of trusted documents. */
import type { CodegenConfig } from "@graphql-codegen/cli";

const scalars = { DateTime: "string", Date: "string", Decimal: "string", JSON: "unknown", ID: "string" };

const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: ["dashboard/src/**/*.{ts,tsx}", "widgets/src/**/*.{ts,tsx}", "!**/gql/**"],
  ignoreNoDocuments: true,
  generates: {
    "dashboard/src/gql/": {
      preset: "client",
      presetConfig: { persistedDocuments: { mode: "embedHashInDocument", hashAlgorithm: "sha256" }, fragmentMasking: false },
      config: { enumsAsTypes: true, scalars, useTypeImports: true },
    },
  },
};

export default config;
