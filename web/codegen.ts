/** Writes the types of the schema and of every operation of the dashboard, and the manifest of trusted documents. */
import type { CodegenConfig } from "@graphql-codegen/cli";
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

const scalars = { DateTime: "string", Date: "string", Decimal: "string", JSON: "unknown", ID: "string" };

const config: CodegenConfig = {
  schema: "../schema.graphql",
  ignoreNoDocuments: true,
  generates: {
    "client/src/schema.ts": { plugins: ["typescript"], config: { enumsAsTypes: true, futureProofEnums: true, scalars, useTypeImports: true } },
    "dashboard/src/gql/": {
      documents: ["dashboard/src/**/*.{ts,tsx}", "!**/gql/**"],
      preset: "client",
      presetConfig: { persistedDocuments: { mode: "embedHashInDocument", hashAlgorithm: "sha256" }, fragmentMasking: false },
      // The normalized cache needs __typename in the answer to a document that is sent by its id.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: { enumsAsTypes: true, scalars, useTypeImports: true },
    },
  },
};

export default config;
