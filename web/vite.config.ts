/** How GraphiQL is built: hashed files under /graphql/assets/, all from our own origin. */
import { defineConfig } from "vite";

export default defineConfig({
  // server/graphiql.py serves dist/index.html at /graphql and dist/assets/ at /graphql/assets/.
  base: "/graphql/",
  build: {
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
