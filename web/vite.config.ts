/** How GraphiQL is built: hashed files under /graphql/assets/, all from our own origin, each with a .gz beside it. */
import { defineConfig } from "vite";
import { compressed } from "./compressed.ts";
import { emptied } from "./emptied.ts";

export default defineConfig({
  // server/http/graphiql.py serves dist/index.html at /graphql and dist/assets/ at /graphql/assets/.
  base: "/graphql/",
  plugins: [emptied("dist/assets"), compressed()],
  build: {
    // The dashboard and the widgets are in the same folder.
    emptyOutDir: false,
    target: "es2022",
    // The polyfill would be a script of its own; every browser that runs Monaco knows modulepreload.
    modulePreload: { polyfill: false },
    // Monaco alone is larger than the warning's limit, and it is loaded after the page stands.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      onwarn(warning, warn) {
        // Libraries that also run on servers mark files with "use client"; in a browser that says nothing.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
  // Workers that are modules are files of our origin, so that the policy needs no blob: and no unsafe-eval.
  worker: { format: "es" },
});
